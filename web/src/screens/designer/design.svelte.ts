// A funnel being changed: its draft is saved by itself, looked through by the linter as one types, and published once.
import { get, Problem, request } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { session } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { List } from '../../lib/types'
import { failure, undo } from '../../lib/undo.svelte'
import { dealCounts } from '../settings/records.svelte'
import { applyPatch, refOf, type Definition, type Ref, type Stage } from './definition'
import type { Change, Check, Finding, Impact } from './answers'

interface Draft {
  id: number
  version: number
  funnel_id: number | null
  name: string
  definition: Definition
  base_version: number
}
const SAVE_AFTER = 700
const LINT_AFTER = 450

export class Design {
  doc = $state.raw<Definition | null>(null)
  published = $state.raw<Definition | null>(null)
  draft = $state.raw<Draft | null>(null)
  findings = $state.raw<readonly Finding[]>([])
  impact = $state.raw<Impact | null>(null)
  counts = $state.raw<ReadonlyMap<number, number>>(new Map())
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  problem = $state('')
  /** Why the draft could not be saved. */
  refused = $state('')
  saving = $state<'no' | 'soon' | 'now'>('no')
  linting = $state(false)
  /** The linter does not answer: nobody knows whether all is in order. */
  unlinted = $state(false)
  #past = $state.raw<readonly Definition[]>([])
  #future = $state.raw<readonly Definition[]>([])
  #saveTimer: ReturnType<typeof setTimeout> | undefined
  #lintTimer: ReturnType<typeof setTimeout> | undefined
  #writing: Promise<void> = Promise.resolve()
  #linted = 0

  constructor(readonly funnel: number) {}

  get mayUndo(): boolean {
    return this.#past.length > 0
  }
  get mayRedo(): boolean {
    return this.#future.length > 0
  }
  async load(): Promise<void> {
    try {
      const filter = encodeURIComponent(`funnel_id = ${this.funnel}`)
      const [published, drafts] = await Promise.all([
        get<Definition>(`/api/funnels/${this.funnel}/definition`),
        get<List<Draft>>(`/api/funnel-drafts?filter=${filter}&limit=1`),
      ])
      this.published = whole(published)
      this.take(drafts.items[0] ?? null)
      this.state = 'ready'
      void this.count()
      this.#lintSoon(0)
    } catch (e) {
      this.problem = failure(e)
      this.state = 'failed'
    }
  }
  /** Shows this draft, or what is published when there is none. */
  take(draft: Draft | null): void {
    this.draft = draft
    this.doc = draft ? whole(draft.definition) : this.published
    this.#past = this.#future = []
    this.impact = null
    if (draft) void this.ask()
  }
  async count(): Promise<void> {
    this.counts = await dealCounts('stage_id', `funnel_id = ${this.funnel} and status = "open"`)
  }
  /** One step of the designer. Typing in one field is one step, as `of` tells. */
  edit(next: Definition, of = ''): void {
    if (!this.doc || next === this.doc) return
    if (!of || of !== this.#typing) this.#past = [...this.#past.slice(-99), this.doc]
    this.#typing = of
    this.#future = []
    this.#show(next)
  }
  #typing = ''
  undo(): void {
    const before = this.#past.at(-1)
    if (!before || !this.doc) return
    this.#past = this.#past.slice(0, -1)
    this.#future = [...this.#future, this.doc]
    this.#typing = ''
    this.#show(before)
  }
  redo(): void {
    const after = this.#future.at(-1)
    if (!after || !this.doc) return
    this.#future = this.#future.slice(0, -1)
    this.#past = [...this.#past, this.doc]
    this.#show(after)
  }
  stage(ref: Ref, more: Partial<Stage>, of = ''): void {
    const doc = this.doc
    if (!doc) return
    const stages = doc.stages.map((s) => (refOf(s) === ref ? { ...s, ...more } : s))
    this.edit({ ...doc, stages }, of && `${ref} ${of}`)
  }
  fix(finding: Finding): void {
    if (!this.doc || !finding.fix) return
    this.edit(applyPatch(this.doc, finding.fix.patch))
    toasts.show(t('designer.fixed', { what: finding.fix.label }))
  }
  #show(doc: Definition): void {
    this.doc = doc
    this.saving = 'soon'
    clearTimeout(this.#saveTimer)
    this.#saveTimer = setTimeout(() => void this.save(), SAVE_AFTER)
    this.#lintSoon(LINT_AFTER)
  }
  /** Resolves when all that was done is kept by the server. */
  save(): Promise<void> {
    clearTimeout(this.#saveTimer)
    return (this.#writing = this.#writing.then(() => this.#write()))
  }
  async #write(): Promise<void> {
    if (this.saving === 'no' || !this.doc) return
    const doc = this.doc
    this.saving = 'now'
    try {
      const { data } = this.draft
        ? await request<Draft>('PATCH', `/api/funnel-drafts/${this.draft.id}`, {
            body: { definition: doc },
            version: this.draft.version,
          })
        : await request<Draft>('POST', '/api/funnel-drafts', {
            body: { funnel_id: this.funnel, name: doc.name || t('nav.designer'), definition: doc },
          })
      this.draft = { ...data, definition: doc }
      this.refused = ''
      this.saving = this.doc === doc ? 'no' : 'soon'
      if (this.doc === doc) void this.ask()
    } catch (e) {
      this.refused = e instanceof Problem && e.status === 412 ? t('designer.other_has_changed') : failure(e)
      this.saving = 'soon'
    }
  }
  #lintSoon(after: number): void {
    clearTimeout(this.#lintTimer)
    this.#lintTimer = setTimeout(() => void this.lint(), after)
  }
  async lint(): Promise<void> {
    if (!this.doc) return
    const round = ++this.#linted
    this.linting = true
    try {
      const { data } = await request<{ findings: Finding[] }>('POST', '/api/lint', {
        body: { definition: this.doc },
      })
      if (round === this.#linted) this.findings = data.findings
      this.unlinted = false
    } catch {
      // A document that cannot be read: said when it is saved.
      this.unlinted = true
    }
    if (round === this.#linted) this.linting = false
  }
  /** Whom the draft touches. */
  async ask(): Promise<void> {
    const draft = this.draft
    if (!draft) return
    this.impact = await get<Impact>(`/api/funnel-drafts/${draft.id}/impact`).catch(() => null)
  }
  async check(): Promise<Check | null> {
    await this.save()
    if (!this.draft) return { findings: this.findings as Finding[] }
    return (await request<Check>('POST', `/api/funnel-drafts/${this.draft.id}/check`)).data
  }
  async compare(): Promise<Change[]> {
    await this.save()
    if (!this.draft) return []
    return (await get<{ changes: Change[] }>(`/api/funnel-drafts/${this.draft.id}/compare`)).changes
  }
  async publish(): Promise<void> {
    await this.save()
    if (!this.draft || this.saving !== 'no') throw new Problem(422, 'draft', this.refused)
    const { change } = await request('POST', `/api/funnel-drafts/${this.draft.id}/publish`, {
      key: crypto.randomUUID(),
    })
    await this.#again()
    undo.done(t('designer.published'), change, () => void this.#again())
  }
  async discard(): Promise<void> {
    clearTimeout(this.#saveTimer)
    await this.#writing
    if (this.draft) await request('DELETE', `/api/funnel-drafts/${this.draft.id}`)
    this.saving = 'no'
    this.refused = ''
    this.take(null)
    this.#lintSoon(0)
  }
  /** A published version comes back as a draft. */
  async restore(version: number): Promise<void> {
    await this.discard()
    const { data } = await request<Draft>('POST', `/api/funnels/${this.funnel}/restore`, {
      body: { version },
    })
    this.take(data)
    this.#lintSoon(0)
  }
  async #again(): Promise<void> {
    this.saving = 'no'
    await Promise.all([this.load(), session.load()])
  }
  /** Nobody looks at it any more: what is not kept yet is sent. */
  leave(): void {
    clearTimeout(this.#lintTimer)
    if (this.saving === 'soon') void this.save()
  }
}
/** Lists that a document may leave out are here. */
export function whole(doc: Definition): Definition {
  return {
    ...doc,
    loss_reasons: doc.loss_reasons ?? [],
    triggers: doc.triggers ?? [],
    involvements: doc.involvements ?? [],
    stages: (doc.stages ?? []).map((s) => ({
      ...s,
      gates: s.gates ?? [],
      goals: s.goals ?? [],
      triggers: s.triggers ?? [],
    })),
  }
}
