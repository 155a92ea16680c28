// Inputs of fields come when somebody edits; while nobody does, the browser fetches them in a quiet moment.
import { part } from '../../lib/part'

export const editor = part(() => import('./FieldInput.svelte'))
export const editorSoon = editor.soon
