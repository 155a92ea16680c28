// Parts of the application that come on demand: one promise each, fetched ahead in a quiet moment.
const idle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 200)) // Safari has none
const quiet = (run: () => void): void => void idle(run, { timeout: 1500 })

export interface Part<M> {
  (): Promise<M>
  /** Nobody needs it yet, somebody will. */
  soon(): void
}
export function part<M>(load: () => Promise<M>): Part<M> {
  let wanted: Promise<M> | null = null
  let asked = false
  // What has come already is shown in the same moment. One that failed is asked for again.
  const get = (): Promise<M> =>
    (wanted ??= load().catch((e: unknown) => {
      wanted = null
      throw e
    }))
  const soon = (): void => {
    if (asked) return
    asked = true
    setTimeout(() => quiet(() => void get().catch(() => {})), 600) // asked again by who needs it
  }
  return Object.assign(get, { soon })
}
const waiting: (() => void)[] = []
function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) quiet(next)
}
/** Runs when what was asked for first stands; one after another, so that the page answers in between. Gives its way out. */
export function later(run: () => void, after = 150): () => void {
  const timer = setTimeout(() => {
    waiting.push(run)
    if (waiting.length === 1) quiet(next)
  }, after)
  return () => {
    clearTimeout(timer)
    const at = waiting.indexOf(run)
    if (at >= 0) waiting.splice(at, 1)
  }
}
