// What was begun and not saved stays with its deal while one looks at others.
import type { TaskKind } from '../lib/types'

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
const drafts = new Map<string, Draft>()
export function draftOf(card: string): Draft {
  let draft = drafts.get(card)
  if (!draft) drafts.set(card, (draft = { note: '', task: null }))
  return draft
}
