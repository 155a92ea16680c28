// A server of its own for each worker: the real program with a company that never was, always the same one.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Api } from './api'

export const root = resolve(__dirname, '../..')
export const bin = process.env.VORONKA_BIN ?? join(root, 'build/voronka')
export const dist = process.env.VORONKA_DIST ?? join(root, 'web/dist')
/** Long past, so that no deal of the company lies in the future of the machine that runs the tests. */
export const asOf = '2025-09-30'

export type Role = 'admin' | 'head' | 'seller' | 'observer'
export interface Person {
  user_id: number
  name: string
  role: Role
}
const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))

export function voronka(args: string[]): string {
  return execFileSync(bin, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 27,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
}

function demo(data: string): void {
  voronka(['demo', '--data', data, '--deals', '400', '--seed', '7', '--as-of', asOf])
}
/** The program over a folder, ended with the tests at the latest. */
export async function serve(data: string, ...flags: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(bin, ['serve', '--data', data, ...flags, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const url = await new Promise<string>((found, failed) => {
    let said = ''
    const read = (part: Buffer) => {
      said += part
      const at = /http:\/\/[\d.]+:\d+/.exec(said)
      if (at) found(at[0])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${said}`)))
  })
  return { child, url }
}
/** Ends it and takes its folder away. */
export async function end(child: ChildProcess, data: string): Promise<void> {
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGKILL') // open event streams would make an orderly end wait
  await ended
  running.delete(child)
  rmSync(data, { recursive: true, force: true })
}
export class Server {
  #made = 0
  #guests: number[] = []
  #child: ChildProcess
  private constructor(
    child: ChildProcess,
    readonly data: string,
    readonly url: string,
    readonly people: Person[],
    readonly admin: Api,
  ) {
    this.#child = child
  }
  static async start(fill: (data: string) => void = demo): Promise<Server> {
    const data = mkdtempSync(join(tmpdir(), 'voronka-e2e-'))
    fill(data)
    const { child, url } = await serve(data, '--demo')
    const { people } = (await (await fetch(`${url}/api/demo`)).json()) as { people: Person[] }
    const boss = people.find((p) => p.role === 'admin')!
    return new Server(child, data, url, people, await Api.enter(url, boss.user_id))
  }
  async stop(): Promise<void> {
    await end(this.#child, this.data)
  }
  /** Somebody new, so that no test changes the language or the deals of another's person. */
  async person(
    role: Role,
    locale: 'ru' | 'en' = 'ru',
    password?: string,
  ): Promise<Person & { email: string }> {
    const n = ++this.#made
    const user = {
      name: `${locale === 'ru' ? 'Тест' : 'Test'} ${role} ${n}`,
      email: `e2e-${n}@example.ru`,
      role,
      locale,
    }
    const { id } = await this.admin.create<{ id: number }>('users', {
      ...user,
      ...(password ? { password } : {}),
    })
    this.#guests.push(id)
    return { user_id: id, name: user.name, role, email: user.email }
  }
  /** The sign-in page lists the people of the company; those of one test are not to crowd it in the next. */
  async sendGuestsHome(): Promise<void> {
    for (const id of this.#guests.splice(0)) await this.admin.patch(`users/${id}`, { active: false })
  }
  /** A funnel of its own for a test: open stages, won and lost, and deals in the first stage unless said otherwise. */
  async funnel(setup: FunnelSetup = {}): Promise<Funnel> {
    const { stages = ['Заявка', 'Связались', 'Предложение', 'Счёт'], deals = 6, owner, norm = 5 } = setup
    const name = setup.name ?? `Воронка проверки ${++this.#made}`
    const { id } = await this.admin.create<{ id: number }>('funnels', { name })
    const given = await this.admin.list<Stage>('stages', `funnel_id = ${id}`)
    for (const stage of given) if (stage.outcome === 'open') await this.admin.remove(`stages/${stage.id}`)
    const open: Stage[] = []
    for (const [i, stage] of stages.entries())
      open.push(
        await this.admin.create('stages', {
          funnel_id: id,
          name: stage,
          position: i + 1,
          outcome: 'open',
          norm_days: norm,
        }),
      )
    const end = async (outcome: 'won' | 'lost', called: string, position: number) =>
      given.find((s) => s.outcome === outcome) ??
      (await this.admin.create<Stage>('stages', { funnel_id: id, name: called, position, outcome }))
    const won = await end('won', 'Выиграна', 90)
    const lost = await end('lost', 'Проиграна', 91)
    for (const reason of ['Заморозили бюджет', 'Ушли к соседям'])
      await this.admin.create('loss-reasons', { name: reason, funnel_id: id })
    const made: Deal[] = []
    const wanted =
      typeof deals === 'number'
        ? Array.from({ length: deals }, (_, i) => ({ title: `Сделка ${i + 1}` }))
        : deals
    for (const [i, deal] of wanted.entries())
      made.push(
        await this.admin.create('deals', {
          ...{ funnel_id: id, stage_id: open[0]!.id, value_minor: (i + 1) * 1_000_000, rank: i + 1 },
          ...(owner ? { owner_id: owner } : {}),
          ...deal,
        }),
      )
    return { id, name, stages: open, won, lost, deals: made }
  }
}
export interface Stage {
  id: number
  name: string
  outcome: 'open' | 'won' | 'lost'
  position: number
}
export interface Deal {
  id: number
  title: string
  stage_id: number
  owner_id: number | null
  version: number
  value_minor: number | null
  status: string
  loss_reason_id: number | null
  [field: string]: unknown
}
export interface FunnelSetup {
  name?: string
  stages?: string[]
  deals?: number | Record<string, unknown>[]
  owner?: number
  norm?: number
}
export interface Funnel {
  id: number
  name: string
  stages: Stage[]
  won: Stage
  lost: Stage
  deals: Deal[]
}
