// Builds and reads the text filter grammar of docs/api.md. A text that the builder made becomes chips again;
// any other text is an expert's, and stays text.
import { quote } from './quote'

export interface Filter {
  owner: number[] | 'me'
  source: number[]
  tag: number[]
  /** Minor units. */
  valueFrom: number | null
  valueTo: number | null
  /** What the next task looks like. */
  task: 'overdue' | 'none' | null
  text: string
}
export const emptyFilter: Filter = {
  owner: [],
  source: [],
  tag: [],
  valueFrom: null,
  valueTo: null,
  task: null,
  text: '',
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\([\\"])/g, '$1')
}
function ids(field: string, list: number[]): string {
  return list.length === 1 ? `${field} = ${list[0]}` : `${field} in (${list.join(', ')})`
}
export function build(f: Filter): string {
  const parts: string[] = []
  if (f.owner === 'me') parts.push('owner_id = me')
  else if (f.owner.length > 0) parts.push(ids('owner_id', f.owner))
  if (f.source.length > 0) parts.push(ids('source_id', f.source))
  if (f.tag.length === 1) parts.push(`tag_ids has ${f.tag[0]}`)
  else if (f.tag.length > 1) parts.push(`(${f.tag.map((t) => `tag_ids has ${t}`).join(' or ')})`)
  if (f.valueFrom !== null) parts.push(`value_minor >= ${f.valueFrom}`)
  if (f.valueTo !== null) parts.push(`value_minor <= ${f.valueTo}`)
  if (f.task === 'overdue') parts.push('next_task_at < now')
  if (f.task === 'none') parts.push('next_task_at is null')
  if (f.text.trim()) parts.push(anyText(f.text.trim()))
  return parts.join(' and ')
}
const textFields = ['title', 'contact_id.name', 'company_id.name']
function anyText(text: string): string {
  return `(${textFields.map((f) => `${f} ~ ${quote(text)}`).join(' or ')})`
}

/** Cuts at top-level " and "; quotes and brackets keep theirs. */
function conjuncts(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c === '\\') i++
      else if (c === '"') quoted = false
    } else if (c === '"') quoted = true
    else if (c === '(') depth++
    else if (c === ')') depth--
    else if (depth === 0 && text.startsWith(' and ', i)) {
      parts.push(text.slice(from, i))
      from = i + 5
    }
  }
  return [...parts, text.slice(from)].map((p) => p.trim())
}
function idList(part: string, field: string): number[] | null {
  const one = part.match(new RegExp(`^${field} = (\\d+)$`))
  if (one) return [Number(one[1])]
  const many = part.match(new RegExp(`^${field} in \\(([\\d, ]+)\\)$`))
  return many ? many[1]!.split(',').map(Number) : null
}
function readPart(part: string, f: Filter): boolean {
  if (part === 'owner_id = me') f.owner = 'me'
  else if (part === 'next_task_at < now') f.task = 'overdue'
  else if (part === 'next_task_at is null') f.task = 'none'
  else {
    const owner = idList(part, 'owner_id')
    const source = idList(part, 'source_id')
    const value = part.match(/^value_minor (>=|<=) (\d+)$/)
    const text = part.match(/^\(title ~ ("(?:[^"\\]|\\.)*")/)
    const tags = [...part.matchAll(/tag_ids has (\d+)/g)].map((m) => Number(m[1]))
    if (owner) f.owner = owner
    else if (source) f.source = source
    else if (value?.[1] === '>=') f.valueFrom = Number(value[2])
    else if (value) f.valueTo = Number(value[2])
    else if (text) f.text = unquote(text[1]!)
    else if (tags.length > 0) f.tag = tags
    else return false
  }
  return true
}
/** The filter behind a text, or null when only the text itself says it. */
export function parse(text: string): Filter | null {
  const f: Filter = { ...emptyFilter }
  const trimmed = text.trim()
  if (trimmed === '') return f
  for (const part of conjuncts(trimmed)) if (!readPart(part, f)) return null
  return build(f) === trimmed ? f : null
}
