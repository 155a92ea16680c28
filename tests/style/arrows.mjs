// The house: a folder of src/ includes only itself and the folders it may see.
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'

const sees = {
  base: [],
  store: ['base'],
  crm: ['store', 'base'],
  rules: ['crm', 'store', 'base'],
  insight: ['crm', 'store', 'base'],
  channels: ['crm', 'store', 'base'],
  print: ['crm', 'store', 'base'],
  http: ['base'],
  api: ['http', 'print', 'channels', 'insight', 'rules', 'crm', 'store', 'base'],
  cli: ['api', 'http', 'print', 'channels', 'insight', 'rules', 'crm', 'store', 'base'],
}
const files = execFileSync('git', ['ls-files', 'src'], { encoding: 'utf8' }).split('\n').filter((f) => /\.[ch]$/.test(f))
let wrong = 0
for (const file of files) {
  const folder = file.split('/')[1]
  if (!(folder in sees)) continue // src/main.c sees all
  for (const [, into] of readFileSync(file, 'utf8').matchAll(/^\s*#\s*include\s+"([a-z]+)\//gm)) {
    if (into !== folder && !sees[folder].includes(into)) {
      console.error(`${file}: ${folder} may not include ${into}`)
      wrong++
    }
  }
}
if (files.length === 0) throw new Error('no sources found')
process.exit(wrong ? 1 : 0)
