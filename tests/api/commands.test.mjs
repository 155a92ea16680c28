// What the commands of the program say where no server has been yet.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, emptyPlace, onPostgres } from './harness.mjs'

const asked = [['user', 'list'], ['user', 'list', '--json'], ['check'], ['check', '--json'], ['lint'], ['report', 'funnel'], ['export', '--object', 'deals', '--file', '/dev/null']]

test('a database without tables is told of in clear words, by every command that reads one', async () => {
  const place = emptyPlace()
  if (!onPostgres) {
    mkdirSync(place[1])
    writeFileSync(join(place[1], 'voronka.db'), '')
  }
  for (const words of asked) {
    const { code, out, err } = await cli([...words, ...place])
    assert.deepEqual([code, out], [1, ''], words.join(' '))
    assert.match(err, /^voronka: There is nothing here yet: the first start of the server/, words.join(' '))
  }
  const { err } = await cli(['check', ...place], { env: { LANG: 'ru_RU.UTF-8', LC_ALL: 'ru_RU.UTF-8' } })
  assert.match(err, /Здесь ещё ничего нет/)
})
