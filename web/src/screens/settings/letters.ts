// Which notifications come to a person as letters: the list that the server keeps (docs/api.md, user.letters).
export const kinds = ['finding', 'review', 'answer', 'assigned', 'mention', 'task', 'rule', 'system'] as const
export type Kind = (typeof kinds)[number]
/** What comes while nothing was chosen. */
export const usual: readonly Kind[] = ['finding', 'review', 'answer', 'assigned', 'mention']

export function chosenOf(letters: string | null | undefined): readonly Kind[] {
  if (!letters) return usual
  const names = letters.split(',').map((s) => s.trim())
  return kinds.filter((k) => names.includes(k))
}
/** As the server keeps it: null for the usual ones, so that what is new later comes, too. */
export function lettersOf(chosen: readonly Kind[]): string | null {
  const list = kinds.filter((k) => chosen.includes(k))
  return list.length === 0 ? 'none' : list.join() === usual.join() ? null : list.join()
}
