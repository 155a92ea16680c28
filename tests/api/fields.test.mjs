// The company's own fields: described by the schema, kept in columns of their own, used as any built-in field.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { root, serve } from './harness.mjs'

const server = await serve()
const admin = await server.admin()
const labels = Object.fromEntries(['ru', 'en'].map((l) => [l, JSON.parse(readFileSync(join(root, 'i18n', `${l}.json`), 'utf8'))]))
const object = async (api, name) => (await api.get('/api/schema')).objects.find((o) => o.object === name)

describe('the schema', () => {
  test('names every field of every object in both languages', async () => {
    const { objects } = await admin.get('/api/schema')
    assert.ok(objects.length > 20)
    for (const o of objects) {
      for (const l of ['ru', 'en']) assert.ok(labels[l][`object.${o.object}`], `object.${o.object} ${l}`)
      for (const f of o.fields.filter((f) => !f.custom)) {
        const own = `field.${['id', 'created_at', 'updated_at'].includes(f.name) ? 'common' : o.object}.${f.name}`
        for (const key of [own, ...(f.names ?? []).map((n) => `${own}:${n}`)]) for (const l of ['ru', 'en']) assert.ok(labels[l][key], `${key} ${l}`)
        assert.equal(f.label, labels.ru[own])
      }
    }
  })
  test('tells what may be done with a field', async () => {
    const deal = await object(admin, 'deal')
    const by = Object.fromEntries(deal.fields.map((f) => [f.name, f]))
    assert.equal(deal.plural, 'deals')
    assert.deepEqual(deal.may, { see: 'all', create: 'all', edit: 'all', delete: 'all', export: 'all' })
    assert.equal(by.title.required, true)
    assert.equal(by.value_minor.sum, true)
    assert.equal(by.tag_ids.ref, 'tag')
    assert.equal(by.tag_ids.sort, false)
    assert.equal(by.status.read_only, true)
    assert.deepEqual(by.status.options.map((o) => o.id), ['open', 'won', 'lost'])
    const user = await object(admin, 'user')
    assert.ok(!user.fields.some((f) => f.name === 'password_hash'))
  })
})
