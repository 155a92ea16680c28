import { describe, expect, it, vi } from 'vitest'
import { Offline, Problem, type Answer } from './api'
import { MemoryShelf } from './shelf'
import { Conflict, Sync, type NewMutation, type Send } from './sync.svelte'

const move = (id: number, stage: number, version: number, was = 1): NewMutation => ({
  method: 'PATCH',
  path: `/api/deals/${id}`,
  object: `deals/${id}`,
  body: { stage_id: stage },
  base: { stage_id: was },
  version,
})
const ok = (version: number, data: unknown = {}): Answer<unknown> => ({
  data,
  version,
  change: version * 100,
})
const stale = () => new Problem(412, 'stale_version', 'stale')
/** A server that answers one after the other. */
function server(...answers: (Answer<unknown> | Error)[]) {
  return vi.fn(async (..._asked: Parameters<Send>) => {
    const next = answers.shift()
    if (!next) throw new Error('asked once too often')
    if (next instanceof Error) throw next
    return next
  })
}
const make = (send: unknown, shelf = new MemoryShelf(), pause = 0) =>
  new Sync(shelf, send as Send, () => pause)

describe('the queue of changes', () => {
  it('sends in the order of the clicks, one after the other', async () => {
    const send = server(ok(2), ok(3), ok(9))
    const sync = make(send)
    await Promise.all([sync.push(move(1, 2, 1)), sync.push(move(1, 3, 1)), sync.push(move(2, 2, 8))])
    expect(send.mock.calls.map((c) => c[1])).toEqual(['/api/deals/1', '/api/deals/1', '/api/deals/2'])
    expect(sync.pending).toBe(0)
  })
  it('knows the version that its own earlier change has made', async () => {
    const send = server(ok(2), ok(3))
    const sync = make(send)
    await Promise.all([sync.push(move(1, 2, 1)), sync.push(move(1, 3, 1))])
    expect(send.mock.calls.map((c) => c[2]?.version)).toEqual([1, 2])
  })
  it('waits while there is no network and repeats with the same key', async () => {
    const send = server(new Offline(), new Problem(503, 'read_only', ''), ok(2))
    const sync = make(send, undefined, 100)
    const sent = sync.push(move(1, 2, 1))
    await vi.waitFor(() => expect(sync.offline).toBe(true), { interval: 5 })
    sync.retryNow()
    await sent
    expect(sync.offline).toBe(false)
    expect(new Set(send.mock.calls.map((c) => c[2]?.key)).size).toBe(1)
  })
  it('keeps no secrets for the next page', async () => {
    const shelf = new MemoryShelf()
    const lost = make(() => new Promise(() => {}), shelf)
    void lost.push({
      method: 'POST',
      path: '/api/webhooks',
      body: { url: 'https://a.example', secret: 'тайна' },
    })
    void lost.push(move(1, 2, 1))
    await vi.waitFor(async () => expect(await shelf.all()).toHaveLength(1))
    expect((await shelf.all())[0]?.path).toBe('/api/deals/1')
  })
  it('keeps unsent changes for the next page', async () => {
    const shelf = new MemoryShelf()
    const lost = make(() => new Promise(() => {}), shelf)
    void lost.push(move(1, 2, 1))
    await vi.waitFor(async () => expect(await shelf.all()).toHaveLength(1))
    const send = server(ok(2))
    const failed = vi.fn()
    await make(send, shelf).restore(failed)
    await vi.waitFor(async () => expect(await shelf.all()).toHaveLength(0))
    expect(send.mock.calls[0]![2]?.body).toEqual({ stage_id: 2 })
    expect(failed).not.toHaveBeenCalled()
  })
  it('keeps them as well when the session has ended meanwhile', async () => {
    const shelf = new MemoryShelf()
    const sync = make(server(new Problem(401, 'signed_out', '')), shelf)
    const both = await Promise.allSettled([sync.push(move(1, 2, 1)), sync.push(move(2, 2, 1))])
    expect(both.map((r) => r.status)).toEqual(['rejected', 'rejected'])
    expect(sync.pending).toBe(0)
    const again = server(ok(2), ok(3))
    await make(again, shelf).restore(vi.fn())
    await vi.waitFor(async () => expect(await shelf.all()).toHaveLength(0))
    expect(again).toHaveBeenCalledTimes(2)
  })
  it('refuses for good what the rules forbid, and goes on with the next', async () => {
    const sync = make(server(new Problem(422, 'required', 'ИНН'), ok(2)))
    const refused = sync.push(move(1, 2, 1))
    const fine = sync.push(move(2, 2, 1))
    await expect(refused).rejects.toThrow('ИНН')
    expect((await fine).version).toBe(2)
  })
})

describe('a change that meets another one', () => {
  it('stands beside it when the other changed another field', async () => {
    const send = server(stale(), ok(5, { stage_id: 1, title: 'другое' }), ok(6))
    const answer = await make(send).push(move(1, 2, 4))
    expect(answer.version).toBe(6)
    expect(send.mock.calls.map((c) => [c[0], c[2]?.version])).toEqual([
      ['PATCH', 4],
      ['GET', undefined],
      ['PATCH', 5],
    ])
    // The refused request has used up its key.
    expect(send.mock.calls[2]![2]?.key).not.toBe(send.mock.calls[0]![2]?.key)
  })
  it('asks the user when the other changed the same field', async () => {
    const sync = make(server(stale(), ok(5, { stage_id: 7 })))
    const e = await sync.push(move(1, 2, 4)).catch((x: unknown) => x)
    expect(e).toBeInstanceOf(Conflict)
    expect((e as Conflict).fields).toEqual(['stage_id'])
    expect((e as Conflict).theirs).toEqual({ stage_id: 7 })
  })
  it('is no conflict when both wanted the same', async () => {
    const send = server(stale(), ok(5, { stage_id: 2 }), ok(6))
    expect((await make(send).push(move(1, 2, 4))).version).toBe(6)
  })
})
