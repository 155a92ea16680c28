// What the tests of the four cases share: a company that starts from a preset, its people, its clock.
import assert from 'node:assert/strict'
import { clock, peopleOf, serveWithClock, tokenOf } from './harness.mjs'

export const hour = 3600000, day = 24 * hour
// Monday, 10:00 in Moscow, of the week behind the present one.
function nextMonday() {
  const d = new Date(Date.now() + 3 * hour)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) + ((8 - d.getUTCDay()) % 7 || 7) * day + 7 * hour
}

// Starts a server with the preset applied by the head; everything that the scenarios ask of it by name.
export async function playOf(preset) {
  const server = await serveWithClock()
  const people = await peopleOf(server)
  const [admin, head, seller] = await Promise.all([people.admin, people.head, people.seller].map((p) => tokenOf(server, p)))
  await head.must(201)('POST', `/api/presets/${preset}`)
  const play = { server, people, admin, head, seller, me: seller.session.user.id, now: nextMonday() }
  play.go = async (ms) => clock(server, (play.now = ms))
  play.later = (hours) => play.go(play.now + hours * hour)
  play.all = async (path, filter, extra = {}) => (await head.list(path, { limit: 500, ...(filter && { filter }), ...extra })).items
  play.named = (list, name) => list.find((x) => (x.name ?? x.label) === name) ?? assert.fail(`there is no ${name}`)
  const [funnels, stages, goals, fields, options] = await Promise.all(['funnels', 'stages', 'goals', 'custom-fields', 'field-options'].map((p) => play.all(`/api/${p}`)))
  play.funnels = funnels
  play.funnel = (name) => play.named(funnels, name)
  play.stagesOf = (funnel) => stages.filter((s) => s.funnel_id === play.funnel(funnel).id).sort((a, b) => a.position - b.position)
  play.stage = (funnel, name) => play.named(play.stagesOf(funnel), name)
  play.cf = (label) => `cf_${play.named(fields, label).id}`
  play.fields = fields
  play.option = (name) => play.named(options, name).id
  play.goal = (funnel, at, name) => goals.find((g) => g.stage_id === play.stage(funnel, at).id && g.name === name) ?? assert.fail(`no goal ${name} on ${at}`)
  play.seen = (deal) => head.get(`/api/deals/${deal.id}`)
  play.tasks = async (deal, rest = ' and done = false') => (await head.list('/api/tasks', { filter: `deal_id = ${deal.id}${rest}`, sort: 'id' })).items
  play.reach = (deal, funnel, at, name, rest = {}) => seller('POST', `/api/deals/${deal.id}/reach`, { goal_id: play.goal(funnel, at, name).id, ...rest })
  play.reached = async (...args) => {
    const r = await play.reach(...args)
    assert.equal(r.status, 200, `${args[3]}: ${r.text}`)
    return r.body.deal
  }
  // The seller ticks one goal after another, each named as the next stage.
  play.walk = async (deal, funnel, names, sent = {}) => {
    for (const name of names) {
      const at = play.stagesOf(funnel).find((s) => s.id === deal.stage_id).name
      deal = await play.reached(deal, funnel, at, name, sent[name] ?? {})
    }
    return deal
  }
  play.artefact = async (deal, artefact) => {
    const session = seller.session
    const r = await fetch(`${server.url}/api/files?deal_id=${deal.id}&name=${artefact}.txt&artefact=${artefact}`, { method: 'POST', headers: { authorization: `Bearer ${session.token}`, 'content-type': 'application/octet-stream' }, body: `text of ${artefact}` })
    assert.equal(r.status, 201, await r.text())
  }
  await play.go(play.now)
  return play
}
// The fields (or names of items) that a refusal asks for.
export const asks = (r) => {
  assert.deepEqual([r.status, r.body.code], [422, 'gates_unmet'], r.text)
  return new Set(r.body.missing.map((m) => m.field || m.name || m.artefact || m.kind))
}
