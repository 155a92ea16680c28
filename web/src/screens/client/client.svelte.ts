// The store of the card of a contact or a company.
import { Card } from '../../card/card.svelte'
import { Rows } from '../../card/rows.svelte'
import { request } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Company, Contact, ContactPoint, Deal, Task } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'

export type ClientObject = 'contact' | 'company'
export type Client = Contact | Company
/** The open sheet over the card. */
export type Over = { kind: 'merge'; with: number[] } | { kind: 'erase' } | { kind: 'restrict' } | null
const DEAL_FIELDS =
  'id,version,title,funnel_id,stage_id,status,value_minor,currency,owner_id,closed_at,created_at'

export class ClientPage extends Card<Client> {
  readonly points: Rows<ContactPoint>
  readonly deals: Rows<Deal>
  /** People of the company. */
  readonly people: Rows<Contact>
  over = $state.raw<Over>(null)

  constructor(
    readonly kind: ClientObject,
    id: number,
  ) {
    super(kind, id)
    const own = `${kind}_id = ${id}`
    this.points = new Rows<ContactPoint>('contact-points', own, 'id')
    const deals = kind === 'contact' ? `${own} or contact_ids has ${id}` : own
    this.deals = new Rows<Deal>('deals', deals, '-created_at', 100, DEAL_FIELDS)
    this.people = new Rows<Contact>('contacts', `company_id = ${id}`, 'name', 200)
    this.parts.push({ object: 'contact-point', rows: this.points }, { object: 'deal', rows: this.deals })
    if (kind === 'company') this.parts.push({ object: 'contact', rows: this.people })
  }
  get title(): string {
    return this.row?.name ?? ''
  }
  get about(): Partial<Task> {
    if (this.kind === 'company') return { company_id: this.id }
    return { contact_id: this.id, company_id: this.contact?.company_id ?? null }
  }
  get owner(): number | null {
    return this.row?.owner_id ?? null
  }
  get contact(): Contact | null {
    return this.kind === 'contact' ? (this.row as Contact | null) : null
  }
  get company(): Company | null {
    return this.kind === 'company' ? (this.row as Company | null) : null
  }
  /** Erased or restricted: shown, but not to be worked with. */
  get shut(): 'erased' | 'restricted' | null {
    if (this.contact?.erased_at != null) return 'erased'
    return this.contact?.restricted ? 'restricted' : null
  }
  get writable(): boolean {
    return session.canWrite && this.shut === null
  }
  protected override came(row: Client): void {
    if ('company_id' in row) void this.book.companies.want([row.company_id])
  }

  // ---- further phones and mails

  async addPoint(kind: ContactPoint['kind'], value: string, label: string): Promise<boolean> {
    const own = { contact_id: null, company_id: null, [`${this.kind}_id`]: this.id }
    const body = { kind, value, label: label || null }
    const sent = { ...body, [`${this.kind}_id`]: this.id }
    return this.run(this.points.add(sent, { ...own, ...body }), t('points.added', { value }))
  }
  /** The main one and this one change places; both go back together. */
  async makeMain(point: ContactPoint): Promise<void> {
    const field = point.kind === 'phone' ? 'phone' : 'email'
    const old = this.row?.[field] ?? null
    const changes: number[] = []
    try {
      const note = (change: number | null) => change !== null && changes.push(change)
      // First the place is made free: the same number does not stand twice.
      if (old === null) note((await this.points.remove(point)).change)
      const path = `/api/${this.noun}/${this.id}`
      note(
        (await request('PATCH', path, { body: { [field]: point.value }, key: crypto.randomUUID() })).change,
      )
      if (old !== null) note((await this.points.change(point, { value: old })).change)
      undo.done(t('points.main_now', { value: point.value }), changes, this.renew)
    } catch (e) {
      toasts.error(failure(e))
    }
    this.renew()
  }

  // ---- what the law asks for

  async restrict(restricted: boolean, reason: string): Promise<void> {
    try {
      const body = { restricted, ...(reason ? { reason } : {}) }
      const { change } = await request('POST', `/api/contacts/${this.id}/restrict`, { body })
      undo.done(t(restricted ? 'client.restricted_now' : 'client.unrestricted_now'), change, this.renew)
      this.over = null
      this.renew()
    } catch (e) {
      toasts.error(failure(e))
    }
  }
}
