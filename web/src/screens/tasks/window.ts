// A long list of which only what is seen stands on the page; lines may have different heights.
export interface Offsets {
  /** Where each line begins; one more at the end, the height of all. */
  at: Float64Array
}
export function offsets(heights: readonly number[]): Offsets {
  const at = new Float64Array(heights.length + 1)
  for (let i = 0; i < heights.length; i++) at[i + 1] = at[i]! + heights[i]!
  return { at }
}
/** The last line that begins at or above y. */
export function lineAt({ at }: Offsets, y: number): number {
  let low = 0
  let high = at.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (at[middle]! <= y) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}
/** Lines from `from` up to `to` (not included) cover the window, with some beyond its edges. */
export function seen(o: Offsets, top: number, height: number, extra = 6): { from: number; to: number } {
  const n = o.at.length - 1
  if (n === 0) return { from: 0, to: 0 }
  return {
    from: Math.max(0, lineAt(o, top) - extra),
    to: Math.min(n, lineAt(o, top + height) + 1 + extra),
  }
}
