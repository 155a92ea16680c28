export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'error'
  action?: { label: string; run: () => void }
}
// One that offers something stays longer than one that only tells.
const life = { action: 7000, error: 7000, plain: 3500 }

class Toasts {
  list = $state.raw<readonly Toast[]>([])
  #next = 1
  #timers = new Map<number, ReturnType<typeof setTimeout>>()

  show(text: string, options: Partial<Pick<Toast, 'tone' | 'action'>> = {}): number {
    const toast: Toast = { id: this.#next++, text, tone: options.tone ?? 'plain', action: options.action }
    this.list = [...this.list.slice(-2), toast]
    this.hold(toast.id, false)
    return toast.id
  }
  error(text: string): number {
    return this.show(text, { tone: 'error' })
  }
  /** A toast stays while the pointer or the focus is on it. */
  hold(id: number, on: boolean): void {
    clearTimeout(this.#timers.get(id))
    const toast = this.list.find((x) => x.id === id)
    if (on || !toast) return
    const time = toast.action ? life.action : life[toast.tone]
    this.#timers.set(
      id,
      setTimeout(() => this.close(id), time),
    )
  }
  clear(): void {
    for (const toast of this.list) this.close(toast.id)
  }
  close(id: number): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.list = this.list.filter((toast) => toast.id !== id)
  }
}
export const toasts = new Toasts()
