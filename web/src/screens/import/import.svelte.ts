// The store of an import: a file, what its columns mean, a trial, the run, taking it back.
import { get, request } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { operations, type Operation } from '../../lib/operations.svelte'
import { schema } from '../../lib/schema.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { failure } from '../../lib/undo.svelte'
import { upload } from '../../lib/upload'
import { fromKey, importable, key, type Importable, type Target } from './targets'

export interface PreviewColumn {
  name: string
  samples: string[]
  guess: (Target & { sure: number }) | null
}
export interface Preview {
  object: Importable
  recognised: string | null
  encoding: string | null
  delimiter: string | null
  sheets: string[] | null
  sheet?: string | null
  rows: number
  columns: PreviewColumn[]
  match: string[]
}
export interface ProblemRow {
  row: number
  object: string | null
  object_id: number | null
  code: string
  field: string
  detail: string
  value: string | null
}
interface Rules {
  match: string[]
  on_match: 'update' | 'fill' | 'skip' | 'create'
  on_bad: 'skip' | 'stop'
  funnel_id: number | null
  owner_id: number | null
}
const telling: Partial<Record<Importable, string[]>> = {
  contact: ['email', 'phone'],
  company: ['inn', 'name'],
  product: ['sku', 'name'],
}
export type Step = 'file' | 'columns' | 'check' | 'done'
const SURE = 0.5 // a guess below that is not taken

export class Import {
  step = $state<Step>('file')
  /** What each row is, as its reader says; empty: the columns tell. */
  asked = $state<Importable | ''>('')
  object = $state<Importable>('contact')
  fileName = $state('')
  size = $state(0)
  /** How much of the file has been sent; null: nothing is being sent. */
  sending = $state<number | null>(null)
  reading = $state(false)
  problem = $state('')
  preview = $state.raw<Preview | null>(null)
  /** Target of each column, as its key; null: left out. */
  chosen = $state.raw<readonly (string | null)[]>([])
  source = $state.raw<{ encoding: string; delimiter: string; sheet: string }>({
    encoding: '',
    delimiter: '',
    sheet: '',
  })
  rules = $state.raw<Rules>({
    match: [],
    on_match: 'update',
    on_bad: 'skip',
    funnel_id: null,
    owner_id: null,
  })
  trial = $state.raw<Operation | null>(null)
  result = $state.raw<Operation | null>(null)
  running = $state<number | null>(null)
  problems = $state.raw<readonly ProblemRow[]>([])
  more = $state<string | null>(null)
  operation = $derived(this.running === null ? null : (operations.known.get(this.running) ?? null))
  filled = $derived(this.chosen.filter((c) => c !== null).length)
  #uploaded = ''
  #stop = new AbortController()

  constructor(object: string | null) {
    if (importable.some((o) => o === object)) this.asked = this.object = object as Importable
  }
  get columns(): readonly PreviewColumn[] {
    return this.preview?.columns ?? []
  }
  /** Fields that tell one record from another and come from the file. */
  get matchable(): string[] {
    return (telling[this.object] ?? []).filter((f) =>
      this.chosen.includes(key({ object: this.object, field: f })),
    )
  }
  close(): void {
    this.#stop.abort()
  }

  // ---- the file

  async take(file: File): Promise<void> {
    this.problem = ''
    this.fileName = file.name
    this.size = file.size
    this.sending = 0
    this.source = { encoding: '', delimiter: '', sheet: '' }
    try {
      const path = `/api/uploads?name=${encodeURIComponent(file.name)}`
      const sent = await upload<{ upload_id: string }>(
        path,
        file,
        (s) => (this.sending = s),
        this.#stop.signal,
      )
      this.#uploaded = sent.upload_id
      this.sending = null
      await this.look()
    } catch (e) {
      this.sending = null
      if (!this.#stop.signal.aborted) this.problem = failure(e)
    }
  }
  /** Reads the beginning of the file: columns, samples, guesses. */
  async look(): Promise<void> {
    this.reading = true
    this.problem = ''
    const { encoding, delimiter, sheet } = this.source
    const asked = { ...(encoding && { encoding }), ...(delimiter && { delimiter }), ...(sheet && { sheet }) }
    try {
      const body = { upload_id: this.#uploaded, ...(this.asked && { object: this.asked }), ...asked }
      const { data } = await request<Preview>('POST', '/api/imports/preview', {
        body,
        signal: this.#stop.signal,
      })
      this.object = data.object
      this.preview = data
      this.chosen = data.columns.map((c) => (c.guess && c.guess.sure >= SURE ? key(c.guess) : null))
      this.rules = { ...this.rules, match: this.matchable.slice(0, 1) }
      this.step = 'columns'
    } catch (e) {
      this.problem = failure(e)
    }
    this.reading = false
  }
  readAs(change: Partial<typeof this.source>): void {
    this.source = { ...this.source, ...change }
    void this.look()
  }
  become(object: Importable): void {
    this.asked = object
    void this.look()
  }

  // ---- columns and rules

  choose(at: number, target: string | null): void {
    this.chosen = this.chosen.map((c, i) => (i === at ? target : c))
    // Only what comes from the file can tell whether a record is here already.
    this.rules = { ...this.rules, match: this.rules.match.filter((f) => this.matchable.includes(f)) }
    this.trial = null
  }
  rule(change: Partial<Rules>): void {
    this.rules = { ...this.rules, ...change }
    this.trial = null
  }
  /** A new field of the rows' object, filled by this column. */
  async newField(at: number, label: string, type: string): Promise<void> {
    const { data } = await request<{ id: number }>('POST', '/api/custom-fields', {
      body: { object: this.object, label, type },
      key: crypto.randomUUID(),
    })
    await schema.renew()
    this.choose(at, key({ object: this.object, field: `cf_${data.id}` }))
    toasts.show(t('import.field_made', { name: label }))
  }

  // ---- trial and run

  #body(dry: boolean): Record<string, unknown> {
    const { preview, rules } = this
    const columns = this.chosen.flatMap((c, column) => (c === null ? [] : [{ column, ...fromKey(c) }]))
    const body: Record<string, unknown> = {
      ...{ upload_id: this.#uploaded, object: this.object, columns, match: rules.match },
      ...{ on_match: rules.on_match, on_bad: rules.on_bad, dry_run: dry },
    }
    const { encoding, delimiter, sheet } = { ...preview, ...filledOf(this.source) } as Record<
      string,
      string | null
    >
    if (encoding) body.encoding = encoding
    if (delimiter) body.delimiter = delimiter
    if (sheet) body.sheet = sheet
    if (rules.funnel_id !== null && this.object === 'deal') body.funnel_id = rules.funnel_id
    if (rules.owner_id !== null) body.owner_id = rules.owner_id
    return body
  }
  async check(): Promise<void> {
    this.step = 'check'
    this.trial = await this.#run(true)
    if (this.trial) await this.#report(this.trial.id)
    else this.step = 'columns'
  }
  async run(): Promise<void> {
    const done = await this.#run(false)
    if (!done) return
    this.result = done
    this.step = 'done'
    await this.#report(done.id)
  }
  async #run(dry: boolean): Promise<Operation | null> {
    this.problem = ''
    this.problems = []
    this.more = null
    try {
      const { data } = await request<Operation>('POST', '/api/imports', {
        body: this.#body(dry),
        key: crypto.randomUUID(),
      })
      this.running = data.id
      const done = await operations.follow(data)
      this.running = null
      return done
    } catch (e) {
      this.running = null
      this.problem = failure(e)
      return null
    }
  }
  async #report(id: number): Promise<void> {
    try {
      const cursor = this.more ? `&cursor=${encodeURIComponent(this.more)}` : ''
      const page = await get<{ items: ProblemRow[]; next_cursor: string | null }>(
        `/api/operations/${id}/report?format=json${cursor}`,
      )
      this.problems = [...this.problems, ...page.items]
      this.more = page.next_cursor
    } catch (e) {
      toasts.error(failure(e))
    }
  }
  moreProblems(): void {
    const of = this.result ?? this.trial
    if (of && this.more) void this.#report(of.id)
  }
  async undo(): Promise<void> {
    if (!this.result) return
    try {
      const undone = operations.undo(this.result.id)
      this.running = this.result.id
      const o = await undone
      this.running = null
      if (o.state === 'done') {
        toasts.show(t('import.undone'))
        this.result = { ...this.result, state: 'undone' }
      } else toasts.error(t('import.undo_failed'))
    } catch (e) {
      this.running = null
      toasts.error(failure(e))
    }
  }
}
function filledOf(source: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(source).filter(([, v]) => v !== ''))
}
