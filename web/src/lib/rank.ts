// Order by hand inside a column: a rank is a number, a deal put between two others gets one between theirs, so a
// move writes one deal. Only where two neighbours have no number between them are those below moved on as well.
export const STEP = 1024

/** A rank between two others, null for the open end; null when no number is left between them. */
export function between(low: number | null, high: number | null): number | null {
  if (low === null && high === null) return 0
  if (low === null) return high! - STEP
  if (high === null) return low + STEP
  const middle = low + (high - low) / 2
  return middle > low && middle < high ? middle : null
}

export interface Ranked {
  id: number
  rank: number
}
/** New ranks that put `id` at `index` of a column (which does not hold it): usually one, the deal's own. */
export function place(column: readonly Ranked[], id: number, index: number): Ranked[] {
  const above = column[index - 1]?.rank ?? null
  const free = between(above, column[index]?.rank ?? null)
  if (free !== null) return [{ id, rank: free }]
  // No room: the deal goes one step below its upper neighbour and pushes on whoever stands in the way.
  const out: Ranked[] = [{ id, rank: (above ?? 0) + 1 }]
  let last = out[0]!.rank
  for (let i = index; i < column.length && column[i]!.rank <= last; i++) {
    const next = column[i + 1]?.rank ?? null
    last = (next !== null && next > last ? between(last, next) : null) ?? last + 1
    out.push({ id: column[i]!.id, rank: last })
  }
  return out
}
export function byRank(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || a.id - b.id
}
