// Finding a setting by what people call it: in either language, without regard to case and ё, by the beginnings of words,
// and also when the keyboard was in the other layout.
const latin = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
const cyrillic = 'йцукенгшщзхъфывапролджэячсмитьбюё'

export function fold(text: string): string {
  return text.toLowerCase().replaceAll('ё', 'е')
}
/** What the same keys would have typed in the other layout. */
export function otherLayout(text: string): string {
  const swap = (from: string, to: string) =>
    [...text.toLowerCase()].map((c) => (from.includes(c) ? to[from.indexOf(c)]! : c)).join('')
  return /[а-яё]/i.test(text) ? swap(cyrillic, latin) : swap(latin, cyrillic)
}
const wordsOf = (text: string) =>
  fold(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
/** How well what was typed fits: 0 not at all; the name counts more than synonyms, a whole beginning most. */
function score(name: string, synonyms: string, typed: string): number {
  const wanted = wordsOf(typed)
  if (wanted.length === 0) return 0
  const inName = wordsOf(name)
  const known = [...inName, ...wordsOf(synonyms)]
  if (!wanted.every((w) => known.some((k) => k.startsWith(w)))) return 0
  if (fold(name).startsWith(fold(typed.trim()))) return 3
  return wanted.every((w) => inName.some((k) => k.startsWith(w))) ? 2 : 1
}
export interface Findable {
  name: string
  synonyms: string
}
/** What fits, best first; things that fit equally well keep their order. */
export function find<T extends Findable>(things: readonly T[], typed: string): T[] {
  const rank = (text: string) =>
    things
      .map((thing) => ({ thing, score: score(thing.name, thing.synonyms, text) }))
      .filter((x) => x.score > 0)
      .sort((a, b) => b.score - a.score)
      .map((x) => x.thing)
  const found = rank(typed)
  return found.length > 0 ? found : rank(otherLayout(typed))
}
