// Searches the server while one types: the last question wins.
import { names, type Found } from '../../lib/names.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { failure } from '../../lib/undo.svelte'

export class Finder {
  found = $state.raw<readonly Found[]>([])
  #stop = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(private object: () => string) {}

  search(text: string, wait = 120): void {
    this.stop()
    const { signal } = this.#stop
    this.#timer = setTimeout(async () => {
      try {
        this.found = await names.search(this.object(), text, signal)
      } catch (e) {
        if (!signal.aborted) toasts.error(failure(e))
      }
    }, wait)
  }
  stop(): void {
    clearTimeout(this.#timer)
    this.#stop.abort()
    this.#stop = new AbortController()
  }
}
