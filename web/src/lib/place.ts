// Where a task is worked: the card of what it is about.
import type { Task } from './types'

export function placeOf(task: Pick<Task, 'deal_id' | 'contact_id' | 'company_id'>): string | null {
  if (task.deal_id !== null) return `/deals/${task.deal_id}`
  if (task.contact_id !== null) return `/contacts/${task.contact_id}`
  return task.company_id === null ? null : `/companies/${task.company_id}`
}
