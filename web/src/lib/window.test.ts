import { describe, expect, it } from 'vitest'
import { canvasHeight, pages, reveal, shown, TALLEST } from './window'

const short = { rows: 1000, rowHeight: 36, viewport: 720 }
const million = { rows: 1_000_000, rowHeight: 36, viewport: 720 }

describe('the window of a long list', () => {
  it('shows the rows on the screen and a few around them', () => {
    expect(shown(short, 0)).toEqual({ first: 0, end: 26, top: 0 })
    expect(shown(short, 3600)).toEqual({ first: 94, end: 126, top: 3384 })
    expect(shown({ ...short, rows: 3 }, 0)).toEqual({ first: 0, end: 3, top: 0 })
    expect(shown({ ...short, rows: 0 }, 50)).toMatchObject({ first: 0, end: 0 })
  })
  it('reaches the last of a million rows on a canvas that browsers can draw', () => {
    expect(canvasHeight(million)).toBe(TALLEST)
    const bottom = shown(million, TALLEST - million.viewport)
    expect(bottom.end).toBe(1_000_000)
    // The last row ends where the canvas does.
    expect(bottom.top + (bottom.end - bottom.first) * 36).toBeCloseTo(TALLEST, 3)
    const middle = shown(million, TALLEST / 2)
    expect(middle.first).toBeGreaterThan(499_000)
    expect(middle.first).toBeLessThan(501_000)
  })
  it('brings a row into view with the least movement', () => {
    expect(reveal(short, 0, 5)).toBe(0)
    expect(reveal(short, 0, 20)).toBe(36)
    expect(reveal(short, 3600, 10)).toBe(360)
    for (const index of [0, 17, 400_000, 999_999]) {
      const { first, end } = shown(million, reveal(million, TALLEST / 3, index), 0)
      expect(index).toBeGreaterThanOrEqual(first)
      expect(index).toBeLessThan(end)
    }
  })
  it('asks for the pages that hold them', () => {
    expect(pages(94, 126, 100)).toEqual([0, 1])
    expect(pages(0, 100, 100)).toEqual([0])
    expect(pages(5, 5, 100)).toEqual([])
  })
})
