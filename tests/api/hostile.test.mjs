import assert from 'node:assert/strict'
import { test } from 'node:test'
import { funnelOf, peopleOf, serve } from './harness.mjs'

// What a hostile or careless client sends: it is refused in clear words or answered, and never breaks anything.
const server = await serve()
const people = await peopleOf(server)
const { admin } = people
const { funnel } = await funnelOf(admin)
await admin.create('/api/deals', { title: 'Обычная сделка', funnel_id: funnel.id })

const filtered = (noun, filter, more = '') => admin('GET', `/api/${noun}?filter=${encodeURIComponent(filter)}${more}`)
// fetch decodes leniently; an answer has to be UTF-8 to the byte.
async function strict(method, path, body) {
  const { cookie, csrf } = admin.session
  const r = await fetch(server.url + path, { method, headers: { cookie, 'x-csrf-token': csrf, 'content-type': 'application/json' }, body })
  return { status: r.status, body: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await r.arrayBuffer())) }
}

test('a filter as long or as nested as the limits allow is answered on every database', async () => {
  const leaves = ['id > 0', 'not title ~ "x"', 'not tag_ids has 1', 'not owner_id.name ~ "а"']
  for (const leaf of leaves) {
    for (const word of ['and', 'or']) assert.equal((await filtered('deals', Array(190).fill(leaf).join(` ${word} `))).status, 200, `${leaf} ${word}`)
    for (const left of [true, false]) {
      let f = leaf
      for (let i = 0; i < 29; i++) f = left ? `(${f} ${i % 2 ? 'and' : 'or'} ${leaf})` : `(${leaf} ${i % 2 ? 'and' : 'or'} ${f})`
      const r = await filtered('deals', f, '&count=1&sum=value_minor')
      assert.equal(r.status, 200, `${leaf} ${left} ${r.text.slice(0, 200)}`)
    }
  }
  for (const beyond of [`${'('.repeat(3000)}id = 1${')'.repeat(3000)}`, `${'not '.repeat(1500)}id = 1`, Array(201).fill('id = 1').join(' or '), `id in (${Array(1001).fill(1)})`]) {
    const r = await filtered('deals', beyond)
    assert.deepEqual([r.status, r.body.code, r.body.field], [400, 'bad_filter', 'filter'])
  }
})

test('what a client sends in a broken encoding is refused in a sound one', async () => {
  for (const name of ['filter', 'sort', 'fields', 'sum', 'cursor', 'count']) {
    const r = await strict('GET', `/api/deals?${name}=%ff%fe`)
    assert.deepEqual([r.status, r.body.code, r.body.field], [400, 'bad_text', name])
  }
  for (const field of ['ы'.repeat(100), 'x' + 'ы'.repeat(100), '😀'.repeat(60)]) {
    const r = await strict('POST', '/api/tags', JSON.stringify({ name: 'Тег', [field]: 1 }))
    assert.deepEqual([r.status, r.body.code], [400, 'unknown_field'])
    assert.ok(field.startsWith(r.body.field) && r.body.field.length > 10)
  }
})
