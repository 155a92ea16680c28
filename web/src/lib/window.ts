// Which rows of a very long list are on the screen. Browsers stop at some 17 to 33 million pixels of height: a longer
// list is drawn on a shorter canvas and scrolled proportionally.
export const TALLEST = 8_000_000

export interface Shape {
  rows: number
  rowHeight: number
  /** Height of what shows rows. */
  viewport: number
}
export interface Shown {
  first: number
  /** One after the last. */
  end: number
  /** Where the first row stands on the canvas. */
  top: number
}
export const canvasHeight = ({ rows, rowHeight }: Pick<Shape, 'rows' | 'rowHeight'>): number =>
  Math.min(rows * rowHeight, TALLEST)

/** Real pixels of the list for one pixel of scrolling. */
function ratio({ rows, rowHeight, viewport }: Shape): number {
  const real = rows * rowHeight
  return real <= TALLEST ? 1 : (real - viewport) / (TALLEST - viewport)
}
export function shown(shape: Shape, scrollTop: number, over = 6): Shown {
  const { rows, rowHeight, viewport } = shape
  const top = Math.max(0, scrollTop) * ratio(shape)
  const first = Math.max(0, Math.min(rows, Math.floor(top / rowHeight) - over))
  const end = Math.min(rows, Math.ceil((top + viewport) / rowHeight) + over)
  return { first, end: Math.max(first, end), top: Math.max(0, scrollTop) - (top - first * rowHeight) }
}
/** The scroll position that brings a row into view with the least movement. */
export function reveal(shape: Shape, scrollTop: number, index: number): number {
  const k = ratio(shape)
  const top = scrollTop * k
  const row = index * shape.rowHeight
  if (row < top) return row / k
  const bottom = row + shape.rowHeight - shape.viewport
  return bottom > top ? bottom / k : scrollTop
}
/** Pages that hold the rows, each of `size`. */
export function pages(first: number, end: number, size: number): number[] {
  if (end <= first) return []
  const from = Math.floor(first / size)
  return Array.from({ length: Math.floor((end - 1) / size) - from + 1 }, (_, i) => from + i)
}
