// What this user may see of every object: its fields with their types, names and options (GET /api/schema).
import { get } from './api'
import { i18n } from './i18n.svelte'
import { live } from './live'
import { session } from './session.svelte'
import type { Change } from './types'

export type FieldType =
  | 'int'
  | 'real'
  | 'bool'
  | 'text'
  | 'long'
  | 'enum'
  | 'time'
  | 'date'
  | 'money'
  | 'currency'
  | 'colour'
  | 'email'
  | 'phone'
  | 'url'
  | 'ref'
  | 'set'
  | 'json'
export interface FieldOption {
  id: number
  name: string
  colour: string | null
  archived: boolean
}
/** Values of an enum with their names come as options too. */
interface EnumOption {
  id: string
  name: string
}
export interface SchemaField {
  name: string
  type: FieldType
  label: string
  custom?: boolean
  required?: boolean
  read_only?: boolean
  /** May be set when created, not later. */
  on_create?: boolean
  sum?: boolean
  filter?: boolean
  sort?: boolean
  /** The object that a ref or set names: "user", "field-option". */
  ref?: string | null
  /** Values of an enum, and what they are called in the user's language. */
  names?: string[] | null
  called?: ReadonlyMap<string, string>
  /** Of a closed list: a ref or set of field options. */
  options?: FieldOption[] | null
  help?: string | null
  /** The object that the field belongs to; filled here. */
  object: string
  min?: number
  max?: number
}
export type Reach = 'none' | 'own' | 'team' | 'all'
export interface SchemaObject {
  object: string
  plural: string
  label?: string
  may: {
    see: Reach
    create: Reach | boolean
    edit: Reach | boolean
    delete: Reach | boolean
    export: Reach | boolean
  }
  fields: SchemaField[]
}
type RawField = Omit<SchemaField, 'object' | 'options' | 'called'> & {
  options?: (FieldOption | EnumOption)[] | null
}
interface Answer {
  objects: (Omit<SchemaObject, 'fields'> & { fields: RawField[] })[]
  can: string[]
}
const may = (reach: Reach | boolean | undefined) => reach === true || (reach !== 'none' && !!reach)
/** What the schema is made of: a change of one of these makes it old. */
const shapes = new Set(['custom-field', 'field-option', 'role', 'user', 'team'])

class Schema {
  ready = $state(false)
  objects = $state.raw<ReadonlyMap<string, SchemaObject>>(new Map())
  can = $state.raw<ReadonlySet<string>>(new Set())
  #of = ''
  #loading: Promise<void> | null = null
  #again: ReturnType<typeof setTimeout> | undefined
  #listens = false
  #round = 0
  #shown = 0

  /** Loads it unless it is here already; labels are in the user's language. */
  load(): Promise<void> {
    const of = `${session.boot?.user.id} ${i18n.locale}`
    if (of !== this.#of) this.#loading = null
    this.#of = of
    if (!this.#loading)
      this.#loading = this.#fetch().catch((e: unknown) => {
        this.#loading = null
        throw e
      })
    return this.#loading
  }
  async #fetch(): Promise<void> {
    const round = ++this.#round
    const of = this.#of
    const { objects, can } = await get<Answer>('/api/schema')
    if (of !== this.#of || round < this.#shown) return // of another language, or older than what is here
    this.#shown = round
    this.objects = new Map(
      objects.map((o) => [o.object, { ...o, fields: o.fields.map((f) => fieldFrom(o.object, f)) }]),
    )
    this.can = new Set(can)
    this.ready = true
    if (this.#listens) return
    this.#listens = true
    live('/api/events', -1, { change: (c) => this.#heard(c), reset: () => void this.renew() })
  }
  #heard({ object }: Change): void {
    if (!shapes.has(object)) return
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.renew(), 400)
  }
  /** The old one stands until the new one has come. */
  async renew(): Promise<void> {
    if (session.state === 'in') await this.#fetch().catch(() => {}) // asked again by the next change or screen
  }
  object(name: string): SchemaObject | undefined {
    return this.objects.get(name)
  }
  byPlural(plural: string): SchemaObject | undefined {
    return [...this.objects.values()].find((o) => o.plural === plural)
  }
  plural(object: string): string {
    return this.objects.get(object)?.plural ?? (object === 'company' ? 'companies' : `${object}s`)
  }
  field(object: string, name: string): SchemaField | undefined {
    return this.objects.get(object)?.fields.find((f) => f.name === name)
  }
  /** May this user do that to at least some of these objects? */
  may(object: string, what: 'see' | 'create' | 'edit' | 'delete' | 'export'): boolean {
    return may(this.objects.get(object)?.may[what])
  }
  /** May this field be edited on an object that exists? */
  editable(field: SchemaField): boolean {
    return !field.read_only && !field.on_create && this.may(field.object, 'edit')
  }
}
export const schema = new Schema()

/** The name of a value of an enum, in the user's language. */
export function enumLabel(field: Pick<SchemaField, 'called'>, value: string): string {
  return field.called?.get(value) ?? value
}
/** A field as the server tells it, with what the application reads more easily. */
export function fieldFrom(object: string, raw: RawField): SchemaField {
  const { options, ...rest } = raw
  if (raw.type !== 'enum') return { ...rest, options: options as FieldOption[] | undefined, object }
  return {
    ...rest,
    called: new Map((options as EnumOption[] | undefined)?.map((o) => [o.id, o.name])),
    object,
  }
}
/** The field by which people call an object of this kind. */
export function titleField(object: string): string {
  if (object === 'deal' || object === 'task' || object === 'operation') return 'title'
  return object === 'note' ? 'text' : 'name'
}
