// How wide the columns are; this browser remembers.
import { settings } from '../../lib/settings.svelte'
import type { SchemaField } from '../../lib/schema.svelte'

const byType: Partial<Record<SchemaField['type'], number>> = {
  ...{ int: 100, real: 110, bool: 90, money: 130, currency: 90, enum: 130, date: 130, time: 160 },
  ...{ phone: 160, email: 210, url: 200, long: 280, set: 190, ref: 180, text: 180 },
}
export const NARROW = 60
export const WIDE = 900

export class Widths {
  #own = $state.raw<Readonly<Record<string, number>>>({})
  constructor(
    private plural: string,
    private main: string,
  ) {
    try {
      const kept: unknown = JSON.parse(settings.recall(`widths.${plural}`) ?? '{}')
      if (kept && typeof kept === 'object') this.#own = kept as Record<string, number>
    } catch {
      // What was kept cannot be read: the widths are as given.
    }
  }
  of(field: SchemaField): number {
    return this.#own[field.name] ?? (field.name === this.main ? 280 : (byType[field.type] ?? 160))
  }
  set(field: SchemaField, width: number): void {
    this.#own = { ...this.#own, [field.name]: Math.round(Math.max(NARROW, Math.min(WIDE, width))) }
    settings.remember(`widths.${this.plural}`, JSON.stringify(this.#own))
  }
}
