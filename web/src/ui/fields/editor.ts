// Inputs of fields come when somebody edits; while nobody does, the browser fetches them in a quiet moment.
const load = () => import('./FieldInput.svelte')
let wanted: ReturnType<typeof load> | null = null

export function editor(): ReturnType<typeof load> {
  // One promise: what has come already is shown in the same moment. One that failed is asked for again.
  wanted ??= load().catch((e: unknown) => {
    wanted = null
    throw e
  })
  return wanted
}
export function editorSoon(): void {
  if (wanted) return
  const quiet = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1500))
  quiet(() => void editor().catch(() => {})) // asked again by who edits
}
