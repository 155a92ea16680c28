// One tick a second for all countdowns of the page, only while there are some.
import { clock } from '../../lib/clock.svelte'

class Seconds {
  now = $state(clock.exact())
  #followers = 0
  #timer: ReturnType<typeof setInterval> | undefined

  follow(): () => void {
    this.now = clock.exact()
    if (this.#followers++ === 0) this.#timer = setInterval(() => (this.now = clock.exact()), 1000)
    return () => {
      if (--this.#followers === 0) clearInterval(this.#timer)
    }
  }
}
export const seconds = new Seconds()
