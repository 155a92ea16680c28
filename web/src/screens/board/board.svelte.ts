// The store of the board: cards of one funnel, its columns, and everything that changes them.
import { get, Problem, type Answer } from '../../lib/api'
import { clock } from '../../lib/clock.svelte'
import { build, parse, type Filter } from '../../lib/filter'
import { plural, t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { moves, needsOf, type Body, type Step } from '../../lib/moves.svelte'
import { place } from '../../lib/rank'
import { router } from '../../lib/router.svelte'
import { newDeal } from '../../lib/steps'
import { session, sync } from '../../lib/session.svelte'
import { settings } from '../../lib/settings.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { Deal, Funnel, Stage } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { compareBy, merge, sums, toCards, type Card, type Columnar, type Delta, type Order } from './cards'
import { matcher } from './match'

type Changed = Partial<Deal> & Record<string, unknown>

export class Column {
  cards = $state.raw<readonly Card[]>([])
  sums = $derived.by(() => sums(this.cards, this.currency, this.stage.norm_days, clock.now))
  constructor(
    readonly stage: Stage,
    readonly currency: string,
  ) {}
}

export class Board {
  readonly funnel: Funnel
  readonly columns: readonly Column[]
  readonly won: Stage[]
  readonly lost: Stage[]
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  connected = $state(true)
  filterText = $state('')
  filterProblem = $state('')
  order = $state<Order>('rank')
  focused = $state<number | null>(null)
  /** A card that a command has chosen: its column brings it into view and focuses it. */
  wanted = $state.raw<{ id: number } | null>(null)
  selected = $state.raw<ReadonlySet<number>>(new Set())
  peeked = $state<number | null>(null)
  creatingIn = $state<number | null>(null)
  dragging = $state(false)
  /** Deals that are to be put off, or to go to another funnel: the sheet that asks is open. */
  asking = $state.raw<{ what: 'defer' | 'funnel'; ids: number[] } | null>(null)
  /** The stage whose regulation is shown. */
  explained = $state.raw<Stage | null>(null)
  /** Columns and phases that are folded, remembered for each funnel. */
  folded = $state.raw<ReadonlySet<string>>(new Set())
  spoken = $state('')
  /** How many open deals the funnel has, before the filter of the chips. */
  loaded = $state(0)

  filter = $derived<Filter | null>(parse(this.filterText))
  total = $derived.by(() => {
    const all = { count: 0, value: 0, foreign: 0, overdue: 0, none: 0 }
    for (const column of this.columns) {
      all.count += column.sums.count
      all.value += column.sums.value
      all.foreign += column.sums.foreign
      for (const card of column.cards) {
        if (card.task === null) all.none++
        else if (card.task < clock.now) all.overdue++
      }
    }
    return all
  })

  #cards = new Map<number, Card>()
  #sending = new Map<number, number>()
  #held: Delta[] = []
  #stopLive: (() => void) | null = null
  #abort: AbortController | null = null
  #creating = 0
  #temporary = -1
  #reload: ReturnType<typeof setTimeout> | undefined

  constructor(funnel: Funnel) {
    this.funnel = funnel
    const stages = funnel.stages.filter((s) => !s.archived).sort((a, b) => a.position - b.position)
    this.columns = stages.filter((s) => s.outcome === 'open').map((s) => new Column(s, funnel.currency))
    this.won = stages.filter((s) => s.outcome === 'won')
    this.lost = stages.filter((s) => s.outcome === 'lost')
    this.folded = new Set(settings.recall(`folded.${funnel.id}`)?.split('\n').filter(Boolean))
  }
  fold(...keys: string[]): void {
    const next = new Set(this.folded)
    const on = keys.some((k) => !next.has(k))
    for (const key of keys)
      if (on) next.add(key)
      else next.delete(key)
    this.folded = next
    settings.remember(`folded.${this.funnel.id}`, [...next].join('\n'))
  }

  // ---- loading and live changes

  async load(): Promise<void> {
    this.#abort?.abort()
    this.#abort = new AbortController()
    const asked = this.filter ? '' : this.filterText
    try {
      const query = asked ? `?filter=${encodeURIComponent(asked)}` : ''
      const data = await get<Columnar>(`/api/board/${this.funnel.id}${query}`, this.#abort.signal)
      this.#cards = new Map(toCards(data).map((c) => [c.id, c]))
      this.loaded = this.#cards.size
      this.filterProblem = ''
      this.state = 'ready'
      this.arrange()
      this.#listen(data.seq)
    } catch (e) {
      if (this.#abort.signal.aborted && !(e instanceof Problem)) return
      if (e instanceof Problem && e.code === 'bad_filter') this.filterProblem = e.message
      else if (this.state === 'loading') {
        this.state = 'failed'
        this.problem = failure(e)
      } else toasts.error(failure(e))
    }
  }
  close(): void {
    this.#abort?.abort()
    this.#stopLive?.()
    clearTimeout(this.#reload)
  }
  #listen(seq: number): void {
    this.#stopLive?.()
    this.#stopLive = live(`/api/events?board=${this.funnel.id}`, seq, {
      board: (delta) => this.take(delta as Delta),
      reset: () => void this.load(),
      state: (on) => (this.connected = on),
    })
  }
  /** What the server tells: own changes come back too and are known already. */
  take(delta: Delta, fresh = true): void {
    // A card that nobody knows may be the one being created: it waits for the answer, or it would stand there twice.
    const held = (id: number) => this.#sending.has(id) || (this.#creating > 0 && !this.#cards.has(id))
    if ([...delta.cols.id, ...(delta.gone ?? [])].some(held)) this.#held.push(delta)
    if (!this.filter) {
      // The expert's filter is known to the server only: let it decide who is on the board.
      clearTimeout(this.#reload)
      this.#reload = setTimeout(() => void this.load(), 400)
      return
    }
    const focused = this.card(this.focused)
    const inHand = focused !== undefined && document.activeElement?.id === `card-${focused.id}`
    const { stages, changed } = merge(this.#cards, delta, held)
    this.loaded = this.#cards.size
    if (fresh) for (const card of changed) this.#cards.set(card.id, { ...card, fresh: true })
    this.arrange(stages)
    // Its element is in another column now: the focus goes along (an undone move, a colleague's one).
    if (inHand && this.card(focused.id) && this.card(focused.id)?.stage !== focused.stage)
      this.wanted = { id: focused.id }
    if (fresh && changed.length > 0) setTimeout(() => this.#settle(changed), 2500)
  }
  #settle(changed: Card[]): void {
    const stages = new Set<number>()
    for (const { id } of changed) {
      const card = this.#cards.get(id)
      if (!card?.fresh) continue
      this.#cards.set(id, { ...card, fresh: false })
      stages.add(card.stage)
    }
    this.arrange(stages)
  }
  /** Sorts cards into columns, only those of the named stages when there are any. */
  arrange(stages?: ReadonlySet<number>): void {
    const fits = this.filter ? matcher(this.filter, session.boot?.user.id ?? 0, clock.now) : null
    const lists = new Map<number, Card[]>()
    for (const { stage } of this.columns) if (!stages || stages.has(stage.id)) lists.set(stage.id, [])
    for (const card of this.#cards.values()) {
      const list = lists.get(card.stage)
      if (list && (!fits || fits(card))) list.push(card)
    }
    for (const column of this.columns) {
      const list = lists.get(column.stage.id)
      if (list) column.cards = list.sort(compareBy[this.order])
    }
  }

  // ---- looking

  card(id: number | null): Card | undefined {
    return id === null ? undefined : this.#cards.get(id)
  }
  column(stageId: number): Column | undefined {
    return this.columns.find((c) => c.stage.id === stageId)
  }
  setFilter(filter: Filter | string): void {
    router.set({ filter: typeof filter === 'string' ? filter : build(filter) })
  }
  /** Follows the URL. */
  follow(filterText: string, order: Order): void {
    if (filterText === this.filterText && order === this.order) return
    const expert = this.filter === null
    this.filterText = filterText
    this.order = order
    this.filterProblem = ''
    if (this.state !== 'ready') return
    if (expert || this.filter === null) void this.load()
    else this.arrange()
  }
  select(ids: Iterable<number>): void {
    this.selected = new Set(ids)
  }
  toggle(id: number): void {
    const next = new Set(this.selected)
    if (!next.delete(id)) next.add(id)
    this.selected = next
  }
  say(text: string): void {
    this.spoken = text
  }

  // ---- changing

  /** Lets cards go between two others; places are counted as they are seen, with the dragged cards among them. */
  drop(ids: number[], stage: Stage, index: number): void {
    const above = this.column(stage.id)?.cards.slice(0, index) ?? []
    this.move(ids, stage, index - above.filter((c) => ids.includes(c.id)).length)
  }
  /** Moves deals to a stage, to a place in its column when one is given. What a stage asks for is asked first. */
  move(ids: number[], stage: Stage, index: number | null = null): void {
    if (session.canWrite && ids.length > 0) void this.#carry(ids, stage, index)
  }
  async #carry(ids: number[], stage: Stage, index: number | null): Promise<void> {
    const [first, ...more] = ids.filter((id) => this.#cards.has(id))
    if (first === undefined) return
    const reasons = session.lossReasons(stage.funnel_id).length > 0
    const back = this.funnel.back_reason === true
    const step = this.#step(first, stage, { stage_id: stage.id })
    // A reason is the same for all that go together; what else is missing is asked of each.
    const wants = (id: number) => needsOf(this.#step(id, stage, { stage_id: stage.id }), reasons, back)
    const needs = more.length > 0 ? ids.flatMap(wants).filter((n) => n !== 'value_minor') : wants(first)
    if (needs.length === 0) return this.commitMove(ids, stage, index)
    const send = async (body: Body) => {
      const { stage_id: _, ...extra } = body
      if (more.length > 0) void this.commitMove(ids, stage, index, extra)
      else await this.commitMove(ids, stage, index, extra, true)
      return true
    }
    const override = async (body: Body) => (await this.#override(first)(body), true)
    const move = { ...step, ...(more.length > 0 ? { more } : {}), send, override }
    await moves.carry<boolean>(move, [...new Set(needs)])
    // The sheet had the focus; the card's element is another one in its new column.
    if (this.#cards.has(first)) setTimeout(() => (this.wanted = { id: first }))
  }
  #step(id: number, stage: Stage, body: Body): Step {
    const { title, currency, value, stage: from } = this.#cards.get(id)!
    const where = { funnel_id: this.funnel.id, from: session.stages.get(from), stage }
    return { deal: id, title, currency, value, body, ...where }
  }
  /** A rule is set aside with a reason: the board hears of it as of anybody's change. */
  #override = (id: number) => async (body: Body) => {
    const answer = await sync.push<Deal>({ method: 'POST', path: `/api/deals/${id}/override`, body })
    this.#acknowledge(id, answer)
    undo.done(
      t('board.moved', { stage: session.stages.get(answer.data.stage_id)?.name ?? '' }),
      answer.change,
    )
    return answer
  }
  /** `strict`: one deal whose refusal is thrown, for the sheet that is open already. */
  async commitMove(
    ids: number[],
    stage: Stage,
    index: number | null,
    extra: Record<string, unknown> = {},
    strict = false,
  ): Promise<void> {
    const column = this.column(stage.id)
    const rest = column?.cards.filter((c) => !ids.includes(c.id)) ?? []
    const touched = new Set<number>([stage.id])
    const sent: Promise<number | null>[] = []
    for (const [n, id] of ids.entries()) {
      const card = this.#cards.get(id)
      if (!card) continue
      touched.add(card.stage)
      const ranks = column && index !== null && this.order === 'rank' ? place(rest, id, index + n) : []
      if (ranks.length > 0) rest.splice(index! + n, 0, { ...card, rank: ranks[0]!.rank })
      const change: Partial<Deal> = card.stage === stage.id ? {} : { stage_id: stage.id }
      if (ranks[0]) change.rank = ranks[0].rank
      const body = { ...change, ...extra }
      if (Object.keys(change).length > 0)
        sent.push(strict ? this.#send(card, body) : this.#patch(card, body, stage))
      for (const pushed of ranks.slice(1)) {
        const other = this.#cards.get(pushed.id)
        if (other) sent.push(this.#patch(other, { rank: pushed.rank }))
      }
    }
    this.arrange(touched)
    const changes = (await Promise.all(sent)).filter((c) => c !== null)
    if (changes.length === 0) return
    const said =
      ids.length > 1
        ? plural('board.moved_many', ids.length, { stage: stage.name })
        : t('board.moved', { stage: stage.name })
    this.say(said)
    if (touched.size > 1) undo.done(said, changes)
    else undo.note(changes)
  }
  async assign(ids: number[], owner: number | null): Promise<void> {
    const cards = ids.map((id) => this.#cards.get(id)).filter((c) => c !== undefined)
    const sent = cards.map((card) => this.#patch(card, { owner_id: owner }))
    this.arrange(new Set(cards.map((c) => c.stage)))
    const changes = (await Promise.all(sent)).filter((c) => c !== null)
    if (changes.length > 0) undo.done(plural('board.assigned', changes.length), changes)
  }
  /** The same change for several deals; one step back takes all of it back. */
  async change(ids: number[], body: Changed, said: string): Promise<void> {
    const cards = ids.map((id) => this.#cards.get(id)).filter((c) => c !== undefined)
    const stage = body.stage_id === undefined ? null : (session.stages.get(body.stage_id) ?? null)
    const sent = await Promise.all(cards.map((card) => this.#patch(card, body, stage)))
    const changes = sent.filter((c) => c !== null)
    if (changes.length > 0) undo.done(said, changes)
  }
  /** Sends a change; what the stages do not let through is asked for in the sheet. Gives the number of the change. */
  async #patch(card: Card, body: Changed, stage: Stage | null = null): Promise<number | null> {
    try {
      const step = { ...this.#step(card.id, stage ?? this.column(card.stage)!.stage, body), stage }
      const send = (all: Body) => this.#send(this.#cards.get(card.id) ?? card, all)
      // What is set aside tells of itself: no number for the toast of the others.
      const override = async (all: Body) => (await this.#override(card.id)(all), null)
      return await moves.carry<number | null>({ ...step, send, override })
    } catch (e) {
      toasts.error(failure(e))
      this.say(t('board.not_moved', { title: card.title }))
      return null
    }
  }
  /** Shows the change at once, sends it, takes it back when it is refused. */
  async #send(card: Card, body: Changed): Promise<number | null> {
    const next: Card = { ...card }
    const base: Record<string, unknown> = {}
    if (body.stage_id !== undefined) {
      base.stage_id = card.stage
      next.stage = body.stage_id
      next.entered = clock.exact()
    }
    if (body.rank !== undefined) {
      base.rank = card.rank
      next.rank = body.rank
    }
    if (body.deferred_until !== undefined) next.deferred = body.deferred_until
    if (body.owner_id !== undefined) {
      base.owner_id = card.owner
      next.owner = body.owner_id
    }
    this.#cards.set(card.id, next)
    this.#sending.set(card.id, (this.#sending.get(card.id) ?? 0) + 1)
    const object = `deals/${card.id}`
    try {
      const change = {
        method: 'PATCH',
        path: `/api/${object}`,
        object,
        body,
        base,
        // What the sheet of a move adds was read a moment ago: it is not compared with what the board knows.
        version: Object.keys(body).every((k) => k in base) ? card.version : null,
      } as const
      const answer = await sync.push<Deal>(change)
      this.#sent(card.id)
      this.#acknowledge(card.id, answer)
      return answer.change
    } catch (e) {
      this.#sent(card.id)
      if (this.#cards.get(card.id) === next) this.#cards.set(card.id, card)
      this.arrange(new Set([card.stage, next.stage]))
      throw e
    } finally {
      this.#release()
    }
  }
  #sent(id: number): void {
    const left = (this.#sending.get(id) ?? 1) - 1
    if (left > 0) this.#sending.set(id, left)
    else this.#sending.delete(id)
  }
  #acknowledge(id: number, { data: deal }: Answer<Deal>): void {
    const card = this.#cards.get(id)
    if (!card || this.#sending.has(id)) return
    if (deal.status !== 'open' || deal.funnel_id !== this.funnel.id) this.#cards.delete(id)
    else {
      const { version, rank, stage_entered_at: entered, stage_id: stage } = deal
      this.#cards.set(id, { ...card, version, rank, entered, stage })
    }
    this.loaded = this.#cards.size
    this.arrange(new Set([card.stage, deal.stage_id]))
  }
  /** Deltas that came while an own change was on its way. */
  #release(): void {
    if (this.#sending.size > 0 || this.#creating > 0 || this.#held.length === 0) return
    const held = this.#held
    this.#held = []
    for (const delta of held) this.take(delta, false)
  }
  async create(stage: Stage, title: string, value: number | null): Promise<void> {
    const id = this.#temporary--
    const column = this.column(stage.id)
    const top = Math.min(0, ...(column?.cards.map((c) => c.rank) ?? [])) - 1
    const now = clock.exact()
    const card: Card = {
      ...{
        id,
        version: 0,
        title,
        stage: stage.id,
        value,
        currency: this.funnel.currency,
        owner: session.user.id,
      },
      ...{
        contact: '',
        company: '',
        entered: now,
        created: now,
        closeOn: null,
        task: null,
        tasks: 0,
        rank: top,
      },
      ...{ source: null, tags: [], probability: null, waiting: null, deferred: null, unprofitable: false },
    }
    this.#creating++
    this.#cards.set(id, card)
    this.arrange(new Set([stage.id]))
    const body: Record<string, unknown> = { title, funnel_id: this.funnel.id, stage_id: stage.id }
    if (value !== null) body.value_minor = value
    try {
      const send = (all: Body) => sync.push<Deal>({ method: 'POST', path: '/api/deals', body: all })
      const answer = await moves.carry({ ...newDeal(body), send })
      this.#cards.delete(id)
      if (answer && !this.#cards.has(answer.data.id)) {
        const { data } = answer
        const { version, rank, stage_entered_at: entered, created_at: created, owner_id: owner } = data
        this.#cards.set(data.id, { ...card, id: data.id, version, rank, entered, created, owner })
      }
      this.loaded = this.#cards.size
      if (answer) undo.done(t('board.created', { title }), answer.change)
    } catch (e) {
      this.#cards.delete(id)
      toasts.error(failure(e))
    }
    this.#creating--
    this.arrange(new Set([stage.id]))
    this.#release()
  }
}
