// Undo is the server's: every change has a number, and /api/undo takes it back as a whole.
import { Offline, Problem, request } from './api'
import { t } from './i18n.svelte'
import { sync } from './session.svelte'
import { Conflict } from './sync.svelte'
import { toasts } from './toasts.svelte'

/** Numbers of changes, or what takes a long operation back. */
type Step = readonly number[] | (() => Promise<void>)

class Undo {
  #last = $state.raw<readonly Step[]>([])
  #toasts = new WeakMap<Step, number>()

  get possible(): boolean {
    return this.#last.length > 0 || sync.pending > 0
  }
  /** Says what was done and offers to take it back; several changes go back together. */
  done(text: string, change: number | null | readonly number[], after?: () => void): void {
    const step = this.note(change)
    if (!step) toasts.show(text)
    else {
      const run = () => void this.back(step, after)
      this.#toasts.set(step, toasts.show(text, { action: { label: t('app.undo'), run } }))
    }
  }
  /** The same for what is taken back in its own way (a long operation); `run` tells what came of it. */
  offer(text: string, run: () => Promise<void>): void {
    this.#last = [...this.#last.slice(-49), run]
    const action = { label: t('app.undo'), run: () => void this.back(run) }
    this.#toasts.set(run, toasts.show(text, { action }))
  }
  /** Remembers a change for Ctrl+Z without a toast. */
  note(change: number | null | readonly number[]): readonly number[] | null {
    const step = change === null ? [] : typeof change === 'number' ? [change] : change
    if (step.length === 0) return null
    this.#last = [...this.#last.slice(-49), step]
    return step
  }
  async back(asked?: Step, after?: () => void): Promise<void> {
    // The last action may still be on its way and have no number yet.
    if (!asked && !sync.offline) await sync.idle()
    const step = asked ?? this.#last.at(-1)
    if (step === undefined) return
    this.#last = this.#last.filter((s) => s !== step)
    toasts.close(this.#toasts.get(step) ?? 0)
    if (typeof step === 'function') return step()
    try {
      for (const change of step.toReversed())
        await request('POST', '/api/undo', { body: { change_id: change }, key: `undo-${change}` })
      toasts.show(t('app.undone'))
      after?.()
    } catch (e) {
      toasts.error(failure(e))
    }
  }
}
export const undo = new Undo()

/** What went wrong, in the user's words: the server's detail, or that there is no network. */
export function failure(e: unknown): string {
  if (e instanceof Problem) return e.errors[0]?.detail ?? e.message
  if (e instanceof Conflict) return t('app.conflict')
  if (e instanceof Offline) return t('app.offline')
  return t('app.failed')
}
