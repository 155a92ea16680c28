// The filter grammar of docs/api.md as a tree: read from text, changed by the filter builder, written back.
// Values stay tokens of the grammar (5, "text", me, today - 7d), so that nothing is lost on the way.
import { quote } from './quote'

export type Op =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '~'
  | '!~'
  | 'in'
  | 'not in'
  | 'null'
  | 'not null'
  | 'has'
  | 'not has'
export interface Condition {
  field: string
  op: Op
  values: string[]
}
export interface Group {
  join: 'and' | 'or'
  not: boolean
  items: Node[]
}
export type Node = Condition | Group
export const isGroup = (n: Node): n is Group => 'items' in n
export const everything = (): Group => ({ join: 'and', not: false, items: [] })

// ---- writing

function writeCondition({ field, op, values }: Condition): string {
  switch (op) {
    case 'null':
      return `${field} is null`
    case 'not null':
      return `${field} is not null`
    case 'in':
    case 'not in':
      return `${field} ${op} (${values.join(', ')})`
    case '!~':
      return `not ${field} ~ ${values[0] ?? ''}`
    case 'not has':
      return `not ${field} has ${values[0] ?? ''}`
    default:
      return `${field} ${op} ${values[0] ?? ''}`
  }
}
/** A condition that is not filled in yet says nothing. */
const complete = (c: Condition) =>
  c.field !== '' && (c.op === 'null' || c.op === 'not null' || c.values.length > 0)

function writeNode(n: Node): string {
  if (!isGroup(n)) return complete(n) ? writeCondition(n) : ''
  const text = writeItems(n)
  if (text === '') return ''
  if (n.not) return `not (${text})`
  const many = n.items.filter((i) => writeNode(i) !== '').length > 1
  return many ? `(${text})` : text
}
const writeItems = (g: Group): string =>
  g.items
    .map((i) => writeNode(i))
    .filter(Boolean)
    .join(` ${g.join} `)
export function write(root: Group): string {
  const text = writeItems(root)
  return root.not && text !== '' ? `not (${text})` : text
}
/** Both must hold; either may be empty. */
export function both(a: string, b: string): string {
  if (!a.trim() || !b.trim()) return a.trim() || b.trim()
  const bracket = (s: string) => (/\bor\b/.test(s) ? `(${s})` : s)
  return `${bracket(a.trim())} and ${bracket(b.trim())}`
}

// ---- reading

type Token = { kind: 'name' | 'number' | 'text' | 'sign'; text: string }
function tokens(text: string): Token[] | null {
  const found: Token[] = []
  const form = /\s*(?:([A-Za-z_][\w.]*)|(\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*")|(<=|>=|!=|[=<>~(),+-]))/gy
  let at = 0
  while (at < text.length) {
    if (/^\s*$/.test(text.slice(at))) break
    form.lastIndex = at
    const m = form.exec(text)
    if (!m) return null
    at = form.lastIndex
    if (m[1]) found.push({ kind: 'name', text: m[1] })
    else if (m[2]) found.push({ kind: 'number', text: m[2] })
    else if (m[3]) found.push({ kind: 'text', text: m[3] })
    else found.push({ kind: 'sign', text: m[4]! })
  }
  return found
}
class Wrong extends Error {}
class Reader {
  #at = 0
  constructor(private list: Token[]) {}
  #peek(): string {
    return this.list[this.#at]?.text ?? ''
  }
  #is(word: string): boolean {
    const t = this.list[this.#at]
    return t !== undefined && t.kind !== 'text' && t.text.toLowerCase() === word
  }
  #take(word: string): boolean {
    if (!this.#is(word)) return false
    this.#at++
    return true
  }
  #need(word: string): void {
    if (!this.#take(word)) throw new Wrong()
  }
  whole(): Node {
    const node = this.#or()
    if (this.#at < this.list.length) throw new Wrong()
    return node
  }
  #chain(join: 'and' | 'or', next: () => Node): Node {
    const items = [next()]
    while (this.#take(join)) items.push(next())
    return items.length === 1 ? items[0]! : { join, not: false, items }
  }
  #or = (): Node => this.#chain('or', () => this.#chain('and', this.#not))
  #not = (): Node => {
    if (!this.#take('not')) return this.#one()
    const node = this.#not()
    if (isGroup(node)) return { ...node, not: !node.not }
    const opposite: Partial<Record<Op, Op>> = {
      ...{ '~': '!~', '!~': '~', has: 'not has', 'not has': 'has', null: 'not null', 'not null': 'null' },
      ...{ in: 'not in', 'not in': 'in', '=': '!=', '!=': '=' },
    }
    const op = opposite[node.op]
    return op ? { ...node, op } : { join: 'and', not: true, items: [node] }
  }
  #one(): Node {
    if (this.#take('(')) {
      const node = this.#or()
      this.#need(')')
      // Brackets around a single comparison say nothing.
      return node
    }
    const t = this.list[this.#at++]
    if (t?.kind !== 'name') throw new Wrong()
    return this.#comparison(t.text)
  }
  #comparison(field: string): Condition {
    if (this.#take('is')) {
      const not = this.#take('not')
      this.#need('null')
      return { field, op: not ? 'not null' : 'null', values: [] }
    }
    if (this.#take('not')) {
      this.#need('in')
      return { field, op: 'not in', values: this.#list() }
    }
    if (this.#take('in')) return { field, op: 'in', values: this.#list() }
    if (this.#take('has')) return { field, op: 'has', values: [this.#value()] }
    const sign = this.#peek()
    if (!['=', '!=', '<', '<=', '>', '>=', '~'].includes(sign)) throw new Wrong()
    this.#at++
    return { field, op: sign as Op, values: [this.#value()] }
  }
  #list(): string[] {
    this.#need('(')
    const values = [this.#value()]
    while (this.#take(',')) values.push(this.#value())
    this.#need(')')
    return values
  }
  #value(): string {
    const minus = this.#take('-') ? '-' : ''
    const t = this.list[this.#at++]
    if (!t || t.kind === 'sign') throw new Wrong()
    if (t.kind !== 'name') return minus + t.text
    const word = t.text.toLowerCase()
    if (minus || !['me', 'true', 'false', 'now', 'today', 'null'].includes(word)) throw new Wrong()
    if (word !== 'now' && word !== 'today') return word
    const sign = this.#is('+') ? '+' : this.#is('-') ? '-' : ''
    if (!sign) return word
    this.#at++
    const n = this.list[this.#at++]
    const unit = this.list[this.#at++]
    if (n?.kind !== 'number' || !unit || !/^[hdw]$/.test(unit.text)) throw new Wrong()
    return `${word} ${sign} ${n.text}${unit.text}`
  }
}
/** The tree behind a text; null when the text cannot be read (the server will say where it is wrong). */
export function read(text: string): Group | null {
  if (text.trim() === '') return everything()
  const list = tokens(text)
  if (!list) return null
  try {
    const node = new Reader(list).whole()
    return isGroup(node) ? node : { ...everything(), items: [node] }
  } catch {
    return null
  }
}

// ---- values as tokens

export const textToken = (text: string): string => quote(text)
export function tokenText(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replace(/\\([\\"])/g, '$1') : token
}
export interface Relative {
  from: 'now' | 'today'
  /** Signed. */
  n: number
  unit: 'h' | 'd' | 'w'
}
export function relative(token: string): Relative | null {
  const m = /^(now|today)(?: ([+-]) (\d+)([hdw]))?$/.exec(token)
  if (!m) return null
  const n = m[3] ? Number(m[3]) * (m[2] === '-' ? -1 : 1) : 0
  return { from: m[1] as 'now' | 'today', n, unit: (m[4] as 'h' | 'd' | 'w') ?? 'd' }
}
export function relativeToken({ from, n, unit }: Relative): string {
  return n === 0 ? from : `${from} ${n < 0 ? '-' : '+'} ${Math.abs(n)}${unit}`
}
