import { afterEach, describe, expect, it, vi } from 'vitest'
import { PAGE, Section, type Row } from './section.svelte'

const row = (id: number, version: number, name = `v${version}`): Row => ({ id, version, name })
const url = (filter: string, offset: number) => `/api/deals?filter=${filter}&offset=${offset}`
const { signal } = new AbortController()

/** A server whose answers come when the test says so. */
function slowServer() {
  const waiting: ((rows: Row[]) => void)[] = []
  const ask = () =>
    new Promise<Response>((done) =>
      waiting.push((items) => done(new Response(JSON.stringify({ items, next_cursor: null })))),
    )
  vi.stubGlobal('fetch', vi.fn(ask))
  return { answer: (n: number, ...rows: Row[]) => waiting[n]!(rows), asked: () => waiting.length }
}
afterEach(() => vi.unstubAllGlobals())

describe('rows of a list', () => {
  it('an answer that comes after a newer one is not shown', async () => {
    const server = slowServer()
    const section = new Section(null, '', PAGE)
    const first = section.need(0, url, signal)
    const second = section.need(0, url, signal, true)
    server.answer(1, row(1, 2))
    await second
    server.answer(0, row(1, 1), row(2, 1))
    await first
    expect(section.pages.get(0)).toEqual([row(1, 2)])
  })
  it('a row that was changed while the answer was on its way stays as it was changed', async () => {
    const server = slowServer()
    const section = new Section(null, '', 2)
    const first = section.need(0, url, signal)
    server.answer(0, row(1, 1), row(2, 1))
    await first
    const again = section.need(0, url, signal, true)
    section.change(1, () => row(1, 5, 'mine'))
    server.answer(1, row(1, 4, 'old'), row(2, 3, 'theirs'))
    await again
    expect(section.at(0)).toEqual(row(1, 5, 'mine'))
    expect(section.at(1)).toEqual(row(2, 3, 'theirs'))
  })
  it('a page forgotten on its way is asked for again when it is seen', async () => {
    const server = slowServer()
    const section = new Section(null, '', 2 * PAGE)
    const late = section.need(1, url, signal)
    section.forget(new Set([0]))
    server.answer(0, row(1, 1))
    await late
    expect(section.pages.has(1)).toBe(false)
    void section.need(1, url, signal)
    expect(server.asked()).toBe(2)
  })
})
