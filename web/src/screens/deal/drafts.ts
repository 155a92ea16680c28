// What was begun and not saved stays with its deal while one looks at others.
import type { TaskKind } from '../../lib/types'

export interface TaskDraft {
  title: string
  kind: TaskKind
  due: number | null
  owner: number | null
}
interface Draft {
  note: string
  task: TaskDraft | null
}
const drafts = new Map<number, Draft>()
export function draftOf(deal: number): Draft {
  let draft = drafts.get(deal)
  if (!draft) drafts.set(deal, (draft = { note: '', task: null }))
  return draft
}
