// Order by hand: positions are whole numbers, a moved row takes one between its neighbours, and only where there is none
// the list is numbered anew.
export interface Placed {
  id: number
  position: number
}
const STEP = 10
const MOST = 1_000_000

/** The new positions that put `id` at `index` of the list without it; only those that change. */
export function reorder(list: readonly Placed[], id: number, index: number): Placed[] {
  const others = list.filter((row) => row.id !== id)
  const moved = list.find((row) => row.id === id)
  if (!moved || others.length === list.length || list.findIndex((row) => row.id === id) === index) return []
  const low = index === 0 ? -1 : others[index - 1]!.position
  const high = index >= others.length ? Math.min(MOST, low + 2 * STEP) : others[index]!.position
  const middle = Math.floor((low + high) / 2)
  if (middle > low && middle < high) return [{ id, position: middle }]
  const all = others.toSpliced(index, 0, moved)
  return all
    .map((row, i) => ({ id: row.id, position: (i + 1) * STEP, was: row.position }))
    .filter((row) => row.position !== row.was)
    .map(({ id, position }) => ({ id, position }))
}
