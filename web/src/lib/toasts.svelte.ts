export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'error'
  action?: { label: string; run: () => void }
}
const LIFE = 7000

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
    if (!on) this.#timers.set(id, setTimeout(() => this.close(id), LIFE)) // prettier-ignore
  }
  close(id: number): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.list = this.list.filter((toast) => toast.id !== id)
  }
}
export const toasts = new Toasts()
