import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { live } from './live'

class FakeSource extends EventTarget {
  static made: FakeSource[] = []
  static readonly CLOSED = 2
  readyState = 1
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  constructor(readonly url: URL) {
    super()
    FakeSource.made.push(this)
  }
  close() {
    this.readyState = FakeSource.CLOSED
  }
  say(name: string, id: number, data: unknown) {
    this.dispatchEvent(new MessageEvent(name, { lastEventId: String(id), data: JSON.stringify(data) }))
  }
}
const last = () => FakeSource.made.at(-1)!
const alive = () => FakeSource.made.filter((s) => s.readyState !== FakeSource.CLOSED)
const stops: (() => void)[] = []
const listen = (...args: Parameters<typeof live>) => {
  const stop = live(...args)
  stops.push(stop)
  vi.advanceTimersByTime(500)
  return stop
}
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  FakeSource.made = []
})
afterEach(() => {
  stops.splice(0).forEach((stop) => stop())
  vi.runAllTimers()
  vi.useRealTimers()
})

describe('live changes', () => {
  it('need one connection however many parts of the page listen', () => {
    const deal = vi.fn()
    const board = vi.fn()
    listen('/api/events?board=1', 10, { board, reset: vi.fn() })
    listen('/api/events', -1, { change: deal, reset: vi.fn() })
    expect(alive()).toHaveLength(1)
    expect(last().url.search).toBe('?board=1&since=10')
    last().say('change', 11, { seq: 11 })
    last().say('board', 11, { n: 1 })
    expect(deal).toHaveBeenCalledWith({ seq: 11 })
    expect(board).toHaveBeenCalledWith({ n: 1 })
  })
  it('begin anew as soon as the network is back, from where they were, and say that something may be missing', () => {
    const state = vi.fn()
    listen('/api/events', 10, { state, reset: vi.fn() })
    last().onopen!()
    last().say('change', 11, { seq: 11 })
    dispatchEvent(new Event('online'))
    expect(FakeSource.made).toHaveLength(2)
    expect(alive()).toHaveLength(1)
    expect(last().url.search).toBe('?since=11')
    last().onopen!()
    expect(state.mock.calls.flat()).toEqual([true, false, true])
  })
  it('tell of what has left one’s sight as of what was deleted', () => {
    const change = vi.fn()
    listen('/api/events', 10, { change, reset: vi.fn() })
    last().say('gone', 12, { seq: 12, object: 'deal', object_id: 7 })
    expect(change.mock.calls[0]![0]).toMatchObject({ kind: 'deal.deleted', object_id: 7, set: {} })
  })
  it('go on without a gap when the board is left and the deal stays', () => {
    const leave = listen('/api/events?board=1', 10, { reset: vi.fn() })
    listen('/api/events', -1, { reset: vi.fn() })
    last().say('change', 42, { seq: 42 })
    leave()
    vi.advanceTimersByTime(1)
    expect(alive()).toHaveLength(1)
    expect(last().url.pathname + last().url.search).toBe('/api/events?since=42')
  })
  it('start again from the number of a fresh snapshot', () => {
    const first = listen('/api/events?board=1', 10, { reset: vi.fn() })
    first()
    listen('/api/events?board=1', 50, { reset: vi.fn() })
    expect(alive()).toHaveLength(1)
    expect(last().url.searchParams.get('since')).toBe('50')
  })
  it('come back after an answer that is no stream', () => {
    const state = vi.fn()
    listen('/api/events?board=1', 10, { reset: vi.fn(), state })
    last().close()
    last().onerror?.()
    expect(state).toHaveBeenLastCalledWith(false)
    vi.advanceTimersByTime(1500)
    expect(alive()).toHaveLength(1)
  })
  it('stop when nobody listens', () => {
    listen('/api/events', -1, { reset: vi.fn() })()
    vi.advanceTimersByTime(1)
    expect(alive()).toHaveLength(0)
  })
})
