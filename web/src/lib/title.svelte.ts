// What the tab of the browser says: the screen, and how much is new.
class Title {
  /** What the screen shows; a card puts its own name. */
  screen = $state('')
  unread = $state(0)
  text = $derived(
    `${this.unread > 0 ? `(${this.unread > 99 ? '99+' : this.unread}) ` : ''}${
      this.screen ? `${this.screen} · ` : ''
    }Voronka`,
  )
}
export const title = new Title()
