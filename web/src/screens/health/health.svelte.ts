// What is not in order: in the deals, in the funnels themselves, in what happens by itself.
import { get } from '../../lib/api'
import { clock } from '../../lib/clock.svelte'
import { DAY } from '../../lib/dates'
import { session } from '../../lib/session.svelte'
import { failure } from '../../lib/undo.svelte'
import { ranked, type Finding } from '../designer/answers'
import type { Metrics } from '../automation/runs'

export const measures = [
  ...(['no_task', 'overdue', 'late_answers', 'stuck'] as const),
  ...(['overrides', 'back_moves', 'unprofitable', 'one_card'] as const),
]
export type Measure = (typeof measures)[number]
export type Discipline = Partial<Record<Measure, { count: number; filter: string | null }>>
export interface FunnelFindings {
  funnel: number
  name: string
  findings: Finding[]
}
export class Health {
  discipline = $state.raw<Discipline | null>(null)
  funnels = $state.raw<readonly FunnelFindings[] | null>(null)
  automation = $state.raw<Metrics | null>(null)
  problem = $state('')

  async load(funnel: number | null): Promise<void> {
    this.problem = ''
    try {
      this.discipline = await get<Discipline>(`/api/discipline${funnel ? `?funnel_id=${funnel}` : ''}`)
    } catch (e) {
      this.problem = failure(e)
    }
  }
  async loadFindings(funnel: number | null): Promise<void> {
    const of = session.funnels.filter((f) => !funnel || f.id === funnel)
    const lists = await Promise.all(
      of.map((f) =>
        get<{ findings: Finding[] }>(`/api/lint?funnel_id=${f.id}`)
          .then((a) => ({ funnel: f.id, name: f.name, findings: ranked(a.findings) }))
          .catch(() => null),
      ),
    )
    this.funnels = lists.some(Boolean) ? lists.filter((l) => l !== null) : null
  }
  async loadAutomation(): Promise<void> {
    const to = clock.exact()
    this.automation = await get<Metrics>(
      `/api/automation?from=${Math.round(to - 30 * DAY)}&to=${Math.round(to)}`,
    ).catch(() => null)
  }
}
