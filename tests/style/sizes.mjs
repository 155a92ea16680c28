// Files stay readable: sources under 600 lines, components under 250.
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'

const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n')
let wrong = 0
for (const file of files) {
  const limit = /\.svelte$/.test(file) ? 250 : /\.(c|h|ts|mjs|js|css|sh)$/.test(file) ? 600 : 0
  if (!limit) continue
  const lines = readFileSync(file, 'utf8').split('\n').length - 1
  if (lines > limit) {
    console.error(`${file}: ${lines} lines, the limit is ${limit}`)
    wrong++
  }
}
process.exit(wrong ? 1 : 0)
