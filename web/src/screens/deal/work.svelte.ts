// What is to be done on the stage where the deal stands: its regulation, items to tick, goals, what the next stage lacks.
import { get, request } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { moves, type Missing } from '../../lib/moves.svelte'
import { session } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Deal, Gate, Goal, List, StageText } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import type { DealPage } from './deal.svelte'

export interface Run {
  name: string
  state: string
  actions: { do: string; text: string; seq: number | null }[]
}
const shapes = new Set(['stage', 'gate', 'goal', 'regulation-read'])
const ask = (filter: string, more = '') =>
  `?limit=200&sort=position&filter=${encodeURIComponent(filter)}${more}`

/** What stages are like, until one of them changes: card after card asks for the same few. */
const known = new Map<string, Promise<unknown>>()
let listens = false
function ofStages<T>(path: string): Promise<T> {
  if (!listens) {
    const forget = () => known.clear()
    live('/api/events', -1, { change: (c) => shapes.has(c.object) && forget(), reset: forget, state: forget })
    listens = true
  }
  let asked = known.get(path)
  if (!asked) {
    known.set(path, (asked = get<T>(path)))
    asked.catch(() => known.delete(path))
  }
  return asked as Promise<T>
}

/** In words what a goal has done: for the toast. */
export function reachedText(goal: Goal, run: Run | null | undefined): string {
  const done = (run?.actions ?? []).map((a) => a.text).filter(Boolean)
  const said = t('work.reached', { goal: goal.name })
  return done.length > 0 ? `${said}: ${done.join(', ')}` : said
}

export class StageWork {
  stage = $state.raw<StageText | null>(null)
  gates = $state.raw<readonly Gate[]>([])
  goals = $state.raw<readonly Goal[]>([])
  lacks = $state.raw<readonly Missing[]>([])
  read = $state(true)
  reaching = $state(false)
  #of = 0
  #stop: () => void
  #soon: ReturnType<typeof setTimeout> | undefined

  constructor(readonly page: DealPage) {
    this.#stop = live('/api/events', -1, {
      change: (c) => shapes.has(c.object) && this.#later(),
      reset: () => this.#later(),
    })
  }
  close(): void {
    this.#stop()
    clearTimeout(this.#soon)
  }
  #later(): void {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.load(this.#of), 300)
  }
  /** The open stage after this one. */
  get next() {
    const open = this.page.stages.filter((s) => s.outcome === 'open')
    const at = open.findIndex((s) => s.id === this.page.deal?.stage_id)
    return at < 0 ? undefined : open[at + 1]
  }
  get regulated(): boolean {
    const s = this.stage
    return Boolean(s && (s.entry_result || s.aim || s.steps || s.scripts?.length || s.links?.length))
  }
  /** Items to tick: to leave this stage, and to enter the next one. */
  checks = $derived.by(() => {
    const deal = this.page.deal
    if (!deal) return []
    const fits = (g: Gate) => g.deal_class_id === null || g.deal_class_id === deal.deal_class_id
    const here = (g: Gate) => (g.stage_id === deal.stage_id) === (g.at === 'leave')
    return this.gates.filter((g) => g.kind === 'check' && fits(g) && here(g))
  })

  async load(stage: number): Promise<void> {
    this.#of = stage
    const gates = [stage, this.next?.id].filter((x) => x !== undefined).join(', ')
    const reads = ask(`stage_id = ${stage} and user_id = ${session.user.id}`).replace('position', '-id')
    const version = this.page.funnel?.definition_version ?? 0
    const part = async <T>(asked: Promise<T>, put: (value: T) => void) => {
      try {
        const value = await asked
        if (this.#of === stage) put(value)
      } catch {
        // What cannot be had (rights, no network) is not shown; the next change asks again.
      }
    }
    await Promise.all([
      part(ofStages<StageText>(`/api/stages/${stage}`), (s) => (this.stage = s)),
      part(
        ofStages<List<Gate>>(`/api/gates${ask(`stage_id in (${gates}) and archived = false`)}`),
        (l) => (this.gates = l.items),
      ),
      part(
        ofStages<List<Goal>>(`/api/goals${ask(`stage_id = ${stage} and archived = false`)}`),
        (l) => (this.goals = l.items),
      ),
      part(ofStages<List<{ funnel_version: number }>>(`/api/regulation-reads${reads}`), (l) => (this.read = (l.items[0]?.funnel_version ?? -1) >= version)), // prettier-ignore
      this.look(),
    ])
  }
  /** What the next stage lacks, by the deal as it is now. */
  async look(): Promise<void> {
    const [next, deal] = [this.next, this.page.deal]
    if (!next || deal?.status !== 'open') {
      this.lacks = []
      return
    }
    try {
      const answer = await get<{ missing: Missing[] }>(`/api/deals/${deal.id}/move?stage_id=${next.id}`)
      this.lacks = answer.missing
    } catch {
      this.lacks = []
    }
  }
  tick(gate: Gate, on: boolean): void {
    const now = this.page.deal!.check_ids
    const check_ids = on ? [...now, gate.id] : now.filter((id) => id !== gate.id)
    const said = t(on ? 'work.ticked' : 'work.unticked', { name: gate.name ?? '' })
    this.page.patch({ check_ids }, said).catch((e: unknown) => toasts.error(failure(e)))
  }
  async sign(): Promise<void> {
    try {
      await request('POST', '/api/regulation-reads', { body: { stage_id: this.#of } })
      known.clear()
      this.read = true
      toasts.show(t('work.signed'))
    } catch (e) {
      toasts.error(failure(e))
    }
  }
  async reach(goal: Goal): Promise<void> {
    if (this.reaching || !session.canWrite) return
    this.reaching = true
    const path = `/api/deals/${this.page.id}/reach`
    const send = (body: Record<string, unknown>) =>
      request<{ deal: Deal; run: Run | null }>('POST', path, { body, key: crypto.randomUUID() })
    try {
      const step = this.page.stepOf({}, null)
      const answer = await moves.carry({ ...step, body: { goal_id: goal.id }, send })
      if (answer) {
        const said = reachedText(goal, answer.data.run)
        this.page.spoken = said
        undo.done(said, answer.change, this.page.renew)
        this.page.renew()
      }
    } catch (e) {
      toasts.error(failure(e))
    } finally {
      this.reaching = false
    }
  }
}
