// What the sheet of a move has been told so far, and how it goes on.
import type { TaskDraft } from '../card/drafts'
import { tomorrow } from '../card/times'
import { get, Problem, request, type Answer } from '../lib/api'
import { clock } from '../lib/clock.svelte'
import { t } from '../lib/i18n.svelte'
import { refusal, type Asking, type Body, type Missing, type Need, type Proposed } from '../lib/moves.svelte'
import { session } from '../lib/session.svelte'
import type { Deal, StageText, Task } from '../lib/types'
import { failure } from '../lib/undo.svelte'
import { isEmpty } from '../ui/fields/values'

interface Preview {
  allowed: boolean
  missing: Missing[]
  needs: Need[]
  may_override: boolean
}
type Record_ = Record<string, unknown>
/** The client's fields that a gate may ask for: "company_id.inn". */
export const clients = { contact_id: 'contact', company_id: 'company' } as const
export type ClientRef = keyof typeof clients
export function pathOf(field: string): { ref: ClientRef | null; name: string } {
  const [ref, name] = field.split('.')
  return name && ref! in clients ? { ref: ref as ClientRef, name } : { ref: null, name: field }
}
export const keyOf = (m: Missing) => (m.gate_id === null ? `field ${m.field}` : `gate ${m.gate_id}`)

export class MoveForm {
  record = $state.raw<Deal | null>(null)
  stage = $state.raw<StageText | null>(null)
  missing = $state.raw<readonly Missing[]>([])
  needs = $state.raw<readonly Need[]>([])
  mayOverride = $state(false)
  /** The first answer about what is missing is on its way. */
  waiting = $state(true)
  busy = $state(false)
  problem = $state('')
  wrong = $state.raw<Record<string, string>>({})
  values = $state.raw<Record_>({})
  clients = $state.raw<Record<ClientRef, Record_>>({ contact_id: {}, company_id: {} })
  ticked = $state.raw<ReadonlySet<number>>(new Set())
  /** Values that are set without being asked for by name: the client does not wait any more. */
  aside = $state.raw<Body>({})
  /** What is done next with the deal. */
  next = $state.raw<TaskDraft>({ title: '', kind: 'call', due: null, owner: null })

  constructor(readonly asking: Asking) {
    this.missing = asking.missing
    this.needs = asking.needs
    this.#propose(asking.proposed)
  }
  #propose(next: Proposed | undefined): void {
    const { title = '', kind = 'call', due_at: due = tomorrow(clock.now) } = next ?? {}
    this.next = { title, kind, due, owner: null }
  }
  plan(change: Partial<TaskDraft>): void {
    this.next = { ...this.next, ...change }
    this.#right('next_task')
  }
  get move() {
    return this.asking.move
  }
  get losing(): boolean {
    return this.move.stage?.outcome === 'lost'
  }
  /** A reason that is a competitor wants to know which. */
  get wantsCompetitor(): boolean {
    if (this.needs.includes('competitor_id')) return true
    const reason = session.boot?.loss_reasons.find((r) => r.id === this.values.loss_reason_id)
    return reason?.wants_competitor === true
  }
  /** Values as the fields of the sheet see them: what is known, and what has been typed. */
  shown(): Record_ {
    return { ...(this.record as unknown as Record_), ...this.move.body, ...this.values }
  }
  async open(): Promise<void> {
    const { deal, stage } = this.move
    const ignore = () => null // the sheet does without it; sending tells what is wrong
    const [record, text] = await Promise.all([
      deal === null ? null : get<Deal>(`/api/deals/${deal}`).catch(ignore),
      stage === null ? null : get<StageText>(`/api/stages/${stage.id}`).catch(ignore),
      this.renew(),
    ])
    this.record = record
    this.stage = text
    this.waiting = false
  }
  /** Asks again what the move misses: something was done meanwhile (a file, a goal). */
  async renew(): Promise<void> {
    const { deal, stage } = this.move
    if (deal === null || stage === null || this.move.more) return
    try {
      const now = await get<Preview>(`/api/deals/${deal}/move?stage_id=${stage.id}`)
      this.missing = now.missing
      const given = this.move.body
      const own = this.asking.needs.filter((n) => n === 'value_minor' || !now.needs.includes(n))
      this.needs = [...own, ...now.needs.filter((n) => isEmpty(given[n]))]
      this.mayOverride = now.may_override
    } catch (e) {
      if (!(e instanceof Problem)) this.problem = failure(e)
    }
  }
  set(name: string, value: unknown): void {
    this.values = { ...this.values, [name]: value }
    this.#right(`field ${name}`, name)
  }
  setClient(ref: ClientRef, name: string, value: unknown): void {
    this.clients = { ...this.clients, [ref]: { ...this.clients[ref], [name]: value } }
  }
  tick(gate: number, on: boolean): void {
    const next = new Set(this.ticked)
    if (on) next.add(gate)
    else next.delete(gate)
    this.ticked = next
    this.#right(`gate ${gate}`)
  }
  #right(...keys: string[]): void {
    if (!keys.some((k) => k in this.wrong)) return
    this.wrong = Object.fromEntries(Object.entries(this.wrong).filter(([k]) => !keys.includes(k)))
  }
  clientOf(ref: ClientRef): number | null {
    return (this.shown()[ref] as number | null | undefined) ?? null
  }
  /** Is it answered here? Goals, files and the buying centre are done at once and go from the list. */
  met(m: Missing): boolean {
    if (m.kind === 'check') return this.ticked.has(m.gate_id!)
    if (m.kind === 'waiting') return 'waiting_since' in this.aside
    if (m.kind !== 'field' || !m.field) return false
    const { ref, name } = pathOf(m.field)
    return !isEmpty(ref ? this.clients[ref][name] : this.values[name])
  }
  #check(): boolean {
    const wrong: Record<string, string> = {}
    for (const m of this.missing) {
      if (this.met(m)) continue
      wrong[keyOf(m)] = t(m.kind === 'check' ? 'move.not_ticked' : m.kind === 'field' ? 'move.fill_in' : 'move.not_met') // prettier-ignore
    }
    for (const need of this.needs)
      if (
        need !== 'value_minor' &&
        isEmpty(need === 'next_task' ? this.next.title.trim() : this.values[need])
      )
        wrong[need] = t('move.fill_in')
    if (this.wantsCompetitor && isEmpty(this.values.competitor_id)) wrong.competitor_id = t('move.fill_in')
    this.wrong = wrong
    return Object.keys(wrong).length === 0
  }
  /** What goes along with the move. */
  #body(): Body {
    const said = Object.entries(this.values).filter(([, v]) => !isEmpty(v))
    const body: Body = { ...this.move.body, ...this.aside, ...Object.fromEntries(said) }
    if (this.ticked.size > 0)
      body.check_ids = [...new Set([...(this.record?.check_ids ?? []), ...this.ticked])]
    return body
  }
  async #saveClients(): Promise<void> {
    for (const ref of Object.keys(clients) as ClientRef[]) {
      const id = this.clientOf(ref)
      const filled = Object.entries(this.clients[ref]).filter(([, v]) => !isEmpty(v))
      if (id === null || filled.length === 0) continue
      const noun = ref === 'contact_id' ? 'contacts' : 'companies'
      await request('PATCH', `/api/${noun}/${id}`, { body: Object.fromEntries(filled) })
    }
  }
  /** Goes on. Gives the answer, undefined when something is still wanted. */
  async submit(): Promise<unknown> {
    if (!this.#check()) return undefined
    return this.#send(async () => {
      await this.#saveClients()
      return this.#planned(() => this.move.send(this.#body()))
    })
  }
  /** The next task first, so that the deal is never without one; when the rest is refused it goes again. */
  async #planned(go: () => Promise<unknown>): Promise<unknown> {
    if (!this.needs.includes('next_task')) return go()
    const { title, kind, due: due_at } = this.next
    const owner_id = this.record?.owner_id ?? session.user.id
    const body = { deal_id: this.move.deal, title: title.trim(), kind, due_at, owner_id }
    const made = await request<Task>('POST', '/api/tasks', { body, key: crypto.randomUUID() })
    try {
      return await go()
    } catch (e) {
      await request('DELETE', `/api/tasks/${made.data.id}`).catch(() => {}) // it stays then, to be seen on the card
      throw e
    }
  }
  async setAside(reason: string): Promise<unknown> {
    const { deal, override } = this.move
    if (deal === null) return undefined
    const body = { ...this.#body(), reason }
    const usual = (): Promise<Answer<Deal>> =>
      request<Deal>('POST', `/api/deals/${deal}/override`, { body, key: crypto.randomUUID() })
    return this.#send(() => this.#planned(() => (override ? override(body) : usual())))
  }
  async #send(work: () => Promise<unknown>): Promise<unknown> {
    this.busy = true
    this.problem = ''
    try {
      return await work()
    } catch (e) {
      const refused = refusal(e)
      if (refused) {
        this.missing = refused.missing
        this.needs = [...new Set([...this.needs, ...refused.needs])]
        if (refused.needs.includes('next_task')) this.#propose(refused.proposed)
        this.wrong = Object.fromEntries(refused.needs.map((n) => [n, failure(e)]))
        if (refused.missing.length === 0 && refused.needs.length === 0) this.problem = failure(e)
        await this.renew()
      } else this.problem = failure(e)
      return undefined
    } finally {
      this.busy = false
    }
  }
}
