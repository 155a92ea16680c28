// What deals would lack, in words.
import type { Impact } from './answers'
import { refOf, type Definition } from './definition'
import { gateText } from './gate'

export function lackText(doc: Definition, lack: Impact['lack'][number]): string {
  if (lack.name) return String(lack.name)
  const gate = doc.stages.flatMap((s) => s.gates).find((g) => refOf(g) === lack.gate)
  if (gate) return gateText(gate, doc)
  return typeof lack.gate === 'object' ? String(lack.gate.name ?? '') : String(lack.gate)
}
