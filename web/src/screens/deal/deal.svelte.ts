// The store of one deal card: what is a deal's own. The rest is any card's.
import { Card } from '../../card/card.svelte'
import { Rows } from '../../card/rows.svelte'
import { Problem } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Deal, DealMember, DealProduct, Stage, Task } from '../../lib/types'
import { failure } from '../../lib/undo.svelte'

/** A change that cannot be made before some fields are filled. */
export interface Asking {
  body: Partial<Deal>
  fields: string[]
  stage: Stage | null
}

export class DealPage extends Card<Deal> {
  readonly products: Rows<DealProduct>
  readonly members: Rows<DealMember>
  asking = $state.raw<Asking | null>(null)
  /** Won without a value: the sheet that asks for it is open. */
  winning = $state.raw<Stage | null>(null)

  deal = $derived(this.row)
  stage = $derived(this.deal ? session.stages.get(this.deal.stage_id) : undefined)
  funnel = $derived(this.deal ? session.funnel(this.deal.funnel_id) : undefined)
  stages = $derived(
    (this.funnel?.stages ?? [])
      .filter((s) => !s.archived || s.id === this.deal?.stage_id)
      .sort((a, b) => a.position - b.position),
  )

  constructor(id: number) {
    super('deal', id)
    this.products = new Rows<DealProduct>('deal-products', `deal_id = ${id}`, 'id')
    this.members = new Rows<DealMember>('deal-members', `deal_id = ${id}`, 'id')
    this.parts.push(
      { object: 'deal-product', rows: this.products },
      { object: 'deal-member', rows: this.members },
    )
  }
  get title(): string {
    return this.deal?.title ?? ''
  }
  get about(): Partial<Task> {
    return { deal_id: this.id, contact_id: this.deal?.contact_id ?? null }
  }
  get owner(): number | null {
    return this.deal?.owner_id ?? null
  }
  override get currency(): string {
    return this.deal?.currency ?? session.currency
  }
  override productOf(row: number): number | undefined {
    return this.products.find(row)?.product_id
  }
  override get unfinished(): boolean {
    return this.deal?.status === 'open'
  }
  protected override came(deal: Deal): void {
    void this.book.contacts.want([deal.contact_id, ...deal.contact_ids])
    void this.book.companies.want([deal.company_id])
  }

  move(stage: Stage): void {
    if (!this.deal || !session.canWrite || stage.id === this.deal.stage_id) return
    const body: Partial<Deal> = { stage_id: stage.id }
    const reasons = session.lossReasons(stage.funnel_id)
    if (stage.outcome === 'lost' && reasons.length > 0)
      this.asking = { body, fields: ['loss_reason_id'], stage }
    else if (stage.outcome === 'won' && !this.deal.value_minor) this.winning = stage
    else void this.moveTo(body, stage)
  }
  /** The sheet has been answered: the value in minor units, null when there is none to tell. */
  win(value: number | null): void {
    const stage = this.winning
    this.winning = null
    if (stage)
      void this.moveTo({ stage_id: stage.id, ...(value === null ? {} : { value_minor: value }) }, stage)
  }
  /** Moves; when the server wants fields for that, asks for exactly those and goes on. */
  async moveTo(body: Partial<Deal>, stage: Stage | null): Promise<void> {
    const said = stage ? t('deal.moved', { stage: stage.name }) : t('deal.saved')
    try {
      await this.patch(body, said)
      this.spoken = said
    } catch (e) {
      const fields = missingFields(e)
      if (fields.length > 0) this.asking = { body, fields, stage }
      else toasts.error(failure(e))
    }
  }
  /** One stage on (1) or back (-1), among the open ones. */
  step(by: number): void {
    const open = this.stages.filter((s) => s.outcome === 'open')
    const at = open.findIndex((s) => s.id === this.deal?.stage_id)
    const next = at < 0 ? undefined : open[at + by]
    if (next) this.move(next)
  }
}

/** The fields that the server misses, when that is all that is wrong. */
export function missingFields(e: unknown): string[] {
  if (!(e instanceof Problem) || e.status !== 422) return []
  const errors =
    e.errors.length > 0 ? e.errors : e.field ? [{ field: e.field, code: e.code, detail: '' }] : []
  return errors.every((x) => /(^|_)required$/.test(x.code)) ? [...new Set(errors.map((x) => x.field))] : []
}
