// One table of commands feeds menus, the palette, shortcuts and the help page. Screens add theirs while they are shown.
import type { Component } from 'svelte'
import { untrack } from 'svelte'
import type { Key } from './i18n.svelte'
import { KeyTracker, typing, type Binding } from './keys'

export interface Command {
  id: string
  title: Key
  section: Key
  icon?: Component
  /** The first is shown, all work. */
  keys?: string[]
  /** Not offered (and its keys are free) while this is false. */
  when?: () => boolean
  /** Works while the user types in a field. */
  inFields?: boolean
  /** Only a key and a line in the help, not in the palette (moving between cards). */
  keyOnly?: boolean
  /** `keys`: those that were pressed, for one command with several of its own. */
  run: (keys?: string) => void
}

class Commands {
  list = $state.raw<readonly Command[]>([])
  #tracker = new KeyTracker()

  add(commands: readonly Command[]): () => void {
    // Screens call this from $effect; reading the list there would make the effect depend on its own write.
    untrack(() => (this.list = [...this.list, ...commands]))
    return () => untrack(() => (this.list = this.list.filter((c) => !commands.includes(c))))
  }
  get(id: string): Command | undefined {
    return this.list.find((c) => c.id === id)
  }
  enabled(): Command[] {
    return this.list.filter((c) => !c.when || c.when())
  }
  handle(e: KeyboardEvent): void {
    if (e.defaultPrevented || e.isComposing) return
    const inField = typing(e.target)
    const modal = document.querySelector('dialog:modal') !== null
    const bindings: Binding[] = []
    for (let i = this.list.length - 1; i >= 0; i--) {
      const c = this.list[i]!
      if (!c.keys || (inField && !c.inFields) || (modal && !c.inFields)) continue
      if (c.when && !c.when()) continue
      for (const keys of c.keys) bindings.push({ keys, run: () => c.run(keys) })
    }
    const hit = this.#tracker.press(e, bindings, Date.now())
    if (!hit) return
    e.preventDefault()
    hit.run()
  }
}
export const commands = new Commands()
