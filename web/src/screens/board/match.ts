// Filters that the chips make are applied here at once, over all cards; only an expert's text asks the server.
import { taskState } from '../../lib/dates'
import type { Filter } from '../../lib/filter'
import type { Card } from './cards'

const fold = (s: string) => s.toLowerCase().replaceAll('ё', 'е')

export function matcher(f: Filter, me: number, now: number): ((card: Card) => boolean) | null {
  const tests: ((c: Card) => boolean)[] = []
  const owners = f.owner === 'me' ? [me] : f.owner
  if (owners.length > 0) tests.push((c) => c.owner !== null && owners.includes(c.owner))
  if (f.source.length > 0) tests.push((c) => c.source !== null && f.source.includes(c.source))
  if (f.tag.length > 0) tests.push((c) => f.tag.some((t) => c.tags.includes(t)))
  const { valueFrom, valueTo } = f
  if (valueFrom !== null) tests.push((c) => c.value !== null && c.value >= valueFrom)
  if (valueTo !== null) tests.push((c) => c.value !== null && c.value <= valueTo)
  if (f.task) tests.push((c) => taskState(c.task, now) === f.task)
  const text = fold(f.text.trim())
  if (text) tests.push((c) => fold(`${c.title}\n${c.contact}\n${c.company}`).includes(text))
  return tests.length > 0 ? (c) => tests.every((test) => test(c)) : null
}
