// The disk fills up: writes are refused with a reason, reads go on, and when there is room again so is service.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { cli, funnelOf, onPostgres, startServer } from '../api/harness.mjs'

// A small file system of its own; making one needs root.
let disk = null
if (!onPostgres && process.getuid() === 0) {
  disk = mkdtempSync(join(tmpdir(), 'voronka-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], { stdio: 'pipe' })
  } catch {
    rmSync(disk, { recursive: true })
    disk = null
  }
}
after(() => {
  if (!disk) return
  execFileSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true, force: true })
})

test('a full disk: nothing acknowledged is lost, and work goes on when there is room', { skip: disk ? false : 'needs SQLite and the right to mount', timeout: 120_000 }, async () => {
  const place = ['--data', join(disk, 'data')]
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(12 << 20))
  const server = await startServer({ place })
  const admin = await server.admin()
  const { funnel, stages } = await funnelOf(admin)
  const deal = await admin.create('/api/deals', { title: 'Крупная поставка', funnel_id: funnel.id, stage_id: stages[0].id })

  const written = []
  let refusal = null
  for (let i = 0; i < 2000 && !refusal; i++) {
    const r = await admin('POST', '/api/notes', { deal_id: deal.id, text: `Заметка ${i} ` + 'о встрече '.repeat(900) })
    if (r.status === 201) written.push(r.body.id)
    else refusal = r
  }
  assert.ok(refusal, 'the disk never filled up')
  assert.equal(refusal.status, 503, refusal.text)
  assert.match(refusal.body.code, /^db_(full|io)$/)
  assert.ok(written.length > 20)

  assert.equal((await admin.get(`/api/deals/${deal.id}`)).title, 'Крупная поставка', 'reads go on')
  assert.equal((await admin.get('/api/health')).writable, false)
  assert.equal((await admin('PATCH', `/api/deals/${deal.id}`, { title: 'x' })).status, 503)

  rmSync(ballast)
  const end = Date.now() + 20_000
  let again
  do {
    await new Promise((r) => setTimeout(r, 300))
    again = await admin('PATCH', `/api/deals/${deal.id}`, { title: 'Снова пишем' })
  } while (again.status !== 200 && Date.now() < end)
  assert.equal(again.status, 200, again.text)
  assert.equal((await admin.get('/api/health')).writable, true)
  const notes = await admin.list('/api/notes', { filter: `deal_id = ${deal.id}`, count: '1', limit: '1' })
  assert.equal(notes.count, written.length, 'every acknowledged note, and no other, is there')
  await server.stop()
  const check = await cli(['check', ...place])
  assert.equal(check.code, 0, check.out + check.err)
})
