// The store of one deal card: what is a deal's own. The rest is any card's.
import { Card } from '../../card/card.svelte'
import { Rows } from '../../card/rows.svelte'
import type { Answer } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { moves, needsOf, type Body, type Step } from '../../lib/moves.svelte'
import { session, sync } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Deal, DealMember, DealProduct, Stage, Task } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'

/** They go along with a change and are not shown as fields of the deal while it is on its way. */
const unseen = new Set(['owner_reason', 'move_reason'])

export class DealPage extends Card<Deal> {
  readonly products: Rows<DealProduct>
  readonly members: Rows<DealMember>

  /** The sheet that puts the deal off is open. */
  deferring = $state(false)

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

  /** What it is about, for the sheet of a move. */
  stepOf(body: Partial<Deal>, stage: Stage | null): Step {
    const { id, title, currency, funnel_id, value_minor: value } = this.deal!
    return { deal: id, title, currency, funnel_id, value, from: this.stage, stage, body: { ...body } }
  }
  move(stage: Stage): void {
    if (!this.deal || !session.canWrite || stage.id === this.deal.stage_id) return
    void this.moveTo({ stage_id: stage.id }, stage)
  }
  async moveTo(body: Partial<Deal>, stage: Stage | null): Promise<void> {
    const said = stage ? t('deal.moved', { stage: stage.name }) : t('deal.saved')
    try {
      if (await this.#carry(body, stage, said)) this.spoken = said
    } catch (e) {
      toasts.error(failure(e))
    }
  }
  /** Any change that the stages do not let through opens the sheet of what is missing. */
  override async patch(body: Partial<Deal>, said?: string, extra: Body = {}): Promise<Answer<Deal> | null> {
    const stage = body.stage_id === undefined ? null : (session.stages.get(body.stage_id) ?? null)
    return this.#carry({ ...body, ...extra }, stage, said)
  }
  async #carry(body: Partial<Deal>, stage: Stage | null, said?: string): Promise<Answer<Deal> | null> {
    const step = this.stepOf(body, stage)
    const reasons = session.lossReasons(stage?.funnel_id ?? step.funnel_id).length > 0
    const send = (all: Body) => {
      const shown = Object.fromEntries(Object.entries(all).filter(([k]) => !unseen.has(k)))
      const rest = Object.fromEntries(Object.entries(all).filter(([k]) => unseen.has(k)))
      return super.patch(shown as Partial<Deal>, said, rest)
    }
    const override = async (all: Body) => {
      const path = `/api/deals/${this.id}/override`
      const answer = await sync.push<Deal>({ method: 'POST', path, body: all })
      this.take(answer.data)
      undo.done(said ?? t('deal.saved'), answer.change, this.renew)
      this.renew()
      return answer
    }
    return moves.carry({ ...step, send, override }, needsOf(step, reasons, this.funnel?.back_reason === true))
  }
  /** One stage on (1) or back (-1), among the open ones. */
  step(by: number): void {
    const open = this.stages.filter((s) => s.outcome === 'open')
    const at = open.findIndex((s) => s.id === this.deal?.stage_id)
    const next = at < 0 ? undefined : open[at + by]
    if (next) this.move(next)
  }
}

/** Is there something that one has to know of the deal before anything else? */
export function marked(d: Deal): boolean {
  const open = d.waiting_since ?? d.deferred_until ?? d.wait_id ?? (d.first_response_at === null && d.first_response_due_at) // prettier-ignore
  return Boolean(open || d.unprofitable || d.overrides > 0 || d.returns > 0 || d.loss_class === 'timeout')
}
