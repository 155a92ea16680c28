// What the program does by itself with a deal: timers that run, and what it has done.
export interface Timer {
  trigger_id: number | null
  name: string
  due_at: number
  text: string
}
export interface Run {
  id: number
  trigger_id: number | null
  goal_id: number | null
  trigger_version: number | null
  name: string
  at: number
  state: 'done' | 'failed' | 'retry' | 'stopped'
  error: string | null
  depth: number
  cause: number | null
  change_id: number | null
  actor_id?: number | null
  event?: string | null
  conditions: { text: string; value: unknown; met: boolean }[]
  actions: { do: string; text: string; seq: number | null }[]
}
