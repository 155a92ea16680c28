// What every kind of field input takes.
import type { SchemaField } from '../../lib/schema.svelte'

export interface InputProps {
  field: SchemaField
  label: string
  hideLabel: boolean
  autofocus: boolean
  error: string
  inline: boolean
  onchange: (value: unknown) => void
  oncancel?: () => void
}
