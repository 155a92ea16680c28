// Figures for small pictures: few at a time, so that the page which is looked at comes first.
import { get, Problem } from '../../lib/api'
import { session } from '../../lib/session.svelte'
import { settings } from '../../lib/settings.svelte'
import { asked, reportUrl } from './ask'
import type { Report, ReportInfo } from './model'

const AT_ONCE = 3
let running = 0
const waiting: (() => void)[] = []

async function turn<T>(run: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go))
  running++
  try {
    return await run()
  } finally {
    running--
    waiting.shift()?.()
  }
}
/** The report with these parameters; one that needs a funnel takes the one that was worked in last. */
export function sample(
  info: ReportInfo,
  params: Record<string, string>,
  signal?: AbortSignal,
): Promise<Report> {
  const query = asked(info, new URLSearchParams(params))
  return turn(async () => {
    signal?.throwIfAborted()
    try {
      return await get<Report>(reportUrl(info.id, query), signal)
    } catch (e) {
      const last = session.funnel(Number(settings.recall('funnel'))) ?? session.funnels[0]
      if (!(e instanceof Problem) || e.code !== 'required' || query.has('funnel_id') || !last) throw e
      return get<Report>(reportUrl(info.id, query, { funnel_id: String(last.id) }), signal)
    }
  })
}
