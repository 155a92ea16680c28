// One report and how it is loaded: a server that has just started still reads its history, so it is asked again.
import { get, Problem } from '../../lib/api'
import { i18n } from '../../lib/i18n.svelte'
import { failure } from '../../lib/undo.svelte'
import type { Report, ReportInfo } from './model'

let catalogue: Promise<ReportInfo[]> | null = null
let language = ''
/** The list of reports; texts are in the user's language. */
export function reports(): Promise<ReportInfo[]> {
  if (!catalogue || language !== i18n.locale) {
    language = i18n.locale
    catalogue = get<ReportInfo[]>('/api/reports').catch((e: unknown) => {
      catalogue = null
      throw e
    })
  }
  return catalogue
}
const AGAIN = 2000

export class Loaded {
  report = $state.raw<Report | null>(null)
  loading = $state(true)
  problem = $state('')
  /** Which parameter the problem is about. */
  field = $state('')
  code = $state('')
  #round = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  async load(url: string, signal?: AbortSignal): Promise<void> {
    const round = ++this.#round
    clearTimeout(this.#timer)
    this.loading = true
    try {
      const report = await get<Report>(url, signal)
      if (round !== this.#round) return
      this.report = report
      this.problem = this.field = this.code = ''
    } catch (e) {
      if (round !== this.#round || signal?.aborted) return
      this.problem = failure(e)
      this.code = e instanceof Problem ? e.code : ''
      this.field = e instanceof Problem ? (e.code === 'bad_filter' ? 'filter' : (e.field ?? '')) : ''
      if (e instanceof Problem && e.status === 503)
        this.#timer = setTimeout(() => void this.load(url, signal), AGAIN)
    }
    this.loading = false
  }
  stop(): void {
    this.#round++
    clearTimeout(this.#timer)
  }
}
