// The server's clock: what is overdue must not depend on a wrong clock of an office PC.
class Clock {
  #offset = 0
  /** Server time, renewed every half minute: enough for everything counted in days. */
  now = $state(Date.now())

  set(serverNow: number): void {
    this.#offset = serverNow - Date.now()
    this.now = serverNow
  }
  exact(): number {
    return Date.now() + this.#offset
  }
  start(): () => void {
    const timer = setInterval(() => (this.now = this.exact()), 30_000)
    return () => clearInterval(timer)
  }
}
export const clock = new Clock()
