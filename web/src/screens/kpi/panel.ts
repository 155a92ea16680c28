// The panel of one person, as the server tells it.
import { get } from '../../lib/api'
import { missingText, stateOf, type Progress } from '../plans/plan'

export const spans = ['day', 'week', 'month'] as const
export type Span = (typeof spans)[number]
export interface Item extends Progress {
  plan_id: number | null
  measure: string
  title: string
  type: string
  target: number | null
  share: number | null
  /** Why there is no target although the month has one. */
  no_norm: 'day_off' | null
}
export type Panel = { user_id: number; currency: string } & Record<Span, { starts_on: string; items: Item[] }>

export function loadPanel(user: number | null, date: string | null): Promise<Panel> {
  const query = new URLSearchParams({
    ...(user ? { user_id: String(user) } : {}),
    ...(date ? { date } : {}),
  })
  return get<Panel>(`/api/kpi/panel?${query}`)
}
/** What is missing, the shortest period of each measure first: a day can still be changed. */
export function lacking(panel: Panel): { span: Span; item: Item; text: string }[] {
  const seen = new Set<string>()
  return spans.flatMap((span) =>
    panel[span].items.flatMap((item) => {
      const short = item.target !== null && item.missing !== null && item.missing > 0
      if (!short || seen.has(item.measure)) return []
      seen.add(item.measure)
      return [{ span, item, text: missingText(item.missing!, item.type, panel.currency) }]
    }),
  )
}
export const planned = (panel: Panel): boolean =>
  spans.some((s) => panel[s].items.some((i) => i.target !== null))
export const dayOff = (items: Item[]): boolean => items.some((i) => i.no_norm === 'day_off')
/** Everything that has a plan has reached it. */
export const allDone = (panel: Panel): boolean =>
  planned(panel) &&
  spans.every((s) => panel[s].items.every((i) => i.target === null || stateOf(i, i.target) === 'done'))
