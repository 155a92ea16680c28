// Numbers to places on a picture.
export interface Point {
  x: number
  y: number
}
export type Scale = (value: number) => number

/** A straight scale from a domain to a range; a domain without width lies at the beginning of the range. */
export function linear(from: number, to: number, start: number, end: number): Scale {
  const span = to - from
  return (value) => (span === 0 ? start : start + ((value - from) / span) * (end - start))
}
const steps = [1, 2, 5, 10, 15, 30, 60, 90, 180, 365, 730, 1825, 3650]
/** Round numbers of days from 0 up to `max`, at most `most` steps. */
export function dayTicks(max: number, most = 7): number[] {
  const step = steps.find((s) => max / s <= most) ?? Math.ceil(max / most)
  const list: number[] = []
  for (let at = 0; at <= max + step * 1e-9; at += step) list.push(at)
  return list
}
/** The top of a scale of shares: a little above the largest, at a round share, at most 1. */
export function shareTop(largest: number): number {
  const tops = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1]
  return tops.find((t) => largest <= t) ?? 1
}
const round = (n: number) => Math.round(n * 100) / 100

/** A path of steps: each value holds until the next one, as shares of closed deals do. */
export function stepPath(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  return rest.reduce((d, p) => `${d}H${round(p.x)}V${round(p.y)}`, `M${round(first.x)} ${round(first.y)}`)
}
/** The area between two rows of steps over the same x. */
export function bandPath(low: readonly Point[], high: readonly Point[]): string {
  if (low.length === 0 || low.length !== high.length) return ''
  const back = low.toReversed()
  const bottom = back.slice(1).reduce((d, p) => `${d}V${round(p.y)}H${round(p.x)}`, '')
  const last = back[0]!
  return `${stepPath(high)}V${round(last.y)}${bottom}Z`
}
/** Moves labels apart so that none covers another, keeping their order. */
export function spread(places: readonly number[], gap: number, least: number, most: number): number[] {
  const order = places.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y)
  let last = least - gap
  for (const label of order) last = label.y = Math.max(label.y, last + gap)
  let next = most + gap
  for (const label of order.toReversed()) next = label.y = Math.min(label.y, next - gap)
  const out = new Array<number>(places.length)
  for (const { y, i } of order) out[i] = y
  return out
}
