// "@Имя Фамилия" in a note: who may be meant while one writes, and where somebody is named in what was written.
export interface Asked {
  /** Where the @ stands. */
  from: number
  query: string
}
interface Person {
  id: number
  name: string
}
const fold = (s: string) => s.toLowerCase().replaceAll('ё', 'е')
const isWord = (c: string | undefined) => c !== undefined && /[\p{L}\p{N}]/u.test(c)

/** The beginning of a name between an @ and the caret. */
export function askedAt(text: string, caret: number): Asked | null {
  const from = text.lastIndexOf('@', caret - 1)
  if (from < 0 || caret === 0 || isWord(text[from - 1])) return null
  const query = text.slice(from + 1, caret)
  return query.length <= 40 && !/[\n,.;:!?]|^\s/.test(query) ? { from, query } : null
}
/** Whose name, or a later word of it, begins so. */
export function meant<T extends Person>(people: readonly T[], query: string, most = 6): T[] {
  const q = fold(query)
  const begins = (name: string) => fold(name).startsWith(q)
  const within = (name: string) =>
    fold(name)
      .split(' ')
      .some((word) => word.startsWith(q))
  const first = people.filter((p) => begins(p.name))
  return [...first, ...people.filter((p) => !begins(p.name) && within(p.name))].slice(0, most)
}
/** A text in pieces, those that name somebody marked; of names that begin alike the longest. */
export function pieces(
  text: string,
  people: Iterable<Person>,
): { text: string; from: number; named: boolean }[] {
  if (!text.includes('@')) return [{ text, from: 0, named: false }]
  const folded = fold(text)
  const names = [...people].map((p) => fold(p.name)).sort((a, b) => b.length - a.length)
  const out: { text: string; from: number; named: boolean }[] = []
  let last = 0
  for (let i = text.indexOf('@'); i >= 0; i = text.indexOf('@', i + 1)) {
    if (isWord(text[i - 1])) continue
    const name = names.find((n) => n && folded.startsWith(n, i + 1) && !isWord(folded[i + 1 + n.length]))
    if (!name) continue
    const end = i + 1 + name.length
    if (i > last) out.push({ text: text.slice(last, i), from: last, named: false })
    out.push({ text: text.slice(i, end), from: i, named: true })
    last = end
    i = end - 1
  }
  if (last < text.length) out.push({ text: text.slice(last), from: last, named: false })
  return out
}
