// clang-tidy over every C file of src, one process each: version 14 mistakes va_list in every file of a process but the
// first. A file that was found clean is not looked at again until something that could matter is another: its own text, that
// of any header it includes (as the build has noted them), how it is compiled, the configuration, the program. Only "clean"
// is remembered; what is found is found anew each time. usage: node tests/style/tidy.mjs (after the build)
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join, resolve } from 'node:path'

const build = 'build'
const kept = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'voronka', 'tidy')
const MONTH = 30 * 86_400_000
// The analyzer's way through one function ends after so many steps; its own measure, 225000, costs five times as much. Of a
// revision with known faults 75000 steps say 15 things and these 13, for 60 % of the time; TIDY_STEPS goes as deep as it is told.
const steps = process.env.TIDY_STEPS ?? '40000'
const more = ['-Xclang', '-analyzer-config', '-Xclang', `max-nodes=${steps}`].map((x) => `--extra-arg=${x}`)
const common = ['--quiet', '-p', build, ...more]

const say = (program, ...words) => execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 })
const files = say('git', 'ls-files', 'src/*.c').trim().split('\n')
const constant = [say('clang-tidy', '--version'), readFileSync('.clang-tidy', 'utf8'), ...common].join('\0')
const compiled = new Map(
  JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8')).map((c) => [
    resolve(c.directory, c.file),
    c.command,
  ]),
)
/** What each object was made of, as the compiler told the build. */
function inputs() {
  const found = new Map()
  for (const block of say('ninja', '-C', build, '-t', 'deps').split('\n\n')) {
    const [head = '', ...lines] = block.trim().split('\n')
    const paths = lines.map((l) => resolve(build, l.trim()))
    if (paths.length > 0 && head.endsWith('(VALID)')) found.set(paths[0], paths)
  }
  return found
}
const hashes = new Map()
function hashOf(path) {
  if (!hashes.has(path)) hashes.set(path, createHash('sha256').update(readFileSync(path)).digest('hex'))
  return hashes.get(path)
}
const deps = inputs()
/** null: what the file is made of is not known, so it is looked at. */
function keyOf(file) {
  const path = resolve(file)
  const made = deps.get(path)
  if (!made || !compiled.has(path) || !made.every((p) => existsSync(p))) return null
  const all = [constant, compiled.get(path), ...made.map((p) => `${p} ${hashOf(p)}`)]
  return createHash('sha256').update(all.join('\0')).digest('hex')
}
function look(file) {
  return new Promise((done) => {
    const run = spawn('clang-tidy', [...common, file], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let aside = ''
    run.stdout.on('data', (d) => (said += d))
    run.stderr.on('data', (d) => (aside += d))
    run.on('close', (code) => done({ clean: code === 0 && said.trim() === '', said: said || aside }))
  })
}

mkdirSync(kept, { recursive: true })
let looked = 0
let dirty = 0
const queue = [...files]
async function worker() {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const key = keyOf(file)
    const mark = key && join(kept, key)
    if (mark && existsSync(mark)) {
      utimesSync(mark, new Date(), new Date())
      continue
    }
    looked++
    const { clean, said } = await look(file)
    if (!clean) {
      dirty++
      console.log(`${file}:\n${said}`)
    } else if (mark) writeFileSync(mark, '')
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker))
for (const name of readdirSync(kept)) {
  const mark = join(kept, name)
  if (Date.now() - statSync(mark).mtimeMs > MONTH) rmSync(mark)
}
console.log(`${files.length} files, ${looked} looked at, ${dirty} with findings`)
process.exit(dirty > 0 ? 1 : 0)
