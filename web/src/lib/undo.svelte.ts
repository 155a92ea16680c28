// Undo is the server's: every change has a number, and /api/undo takes it back as a whole.
import { Offline, Problem, request } from './api'
import { t } from './i18n.svelte'
import { toasts } from './toasts.svelte'

class Undo {
  #last = $state.raw<readonly number[]>([])
  get possible(): boolean {
    return this.#last.length > 0
  }
  /** Says what was done and offers to take it back. */
  done(text: string, change: number | null, after?: () => void): void {
    if (change === null) {
      toasts.show(text)
      return
    }
    this.#last = [...this.#last.slice(-49), change]
    toasts.show(text, { action: { label: t('app.undo'), run: () => void this.back(change, after) } })
  }
  /** Remembers a change for Ctrl+Z without a toast. */
  note(change: number | null): void {
    if (change !== null) this.#last = [...this.#last.slice(-49), change]
  }
  async back(change = this.#last.at(-1), after?: () => void): Promise<void> {
    if (change === undefined) return
    this.#last = this.#last.filter((c) => c !== change)
    try {
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
  if (e instanceof Offline) return t('app.offline')
  return t('app.failed')
}
