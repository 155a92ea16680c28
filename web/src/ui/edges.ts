/** What scrolls says so: it fades out on the side where there is more (css/base.css), and the keyboard gets into it.
 * Where all fits there is neither a mark nor a tab stop. */
export function edges(el: HTMLElement): () => void {
  function tell(): void {
    const { scrollWidth, clientWidth, scrollLeft, scrollHeight, clientHeight, scrollTop } = el
    const sides = [
      scrollLeft > 1 ? 'left' : '',
      scrollWidth - clientWidth - scrollLeft > 1 ? 'right' : '',
      scrollTop > 1 ? 'up' : '',
      scrollHeight - clientHeight - scrollTop > 1 ? 'down' : '',
    ].filter(Boolean)
    if (sides.length > 0) {
      el.dataset.more = sides.join(' ')
      el.tabIndex = 0
    } else {
      delete el.dataset.more
      el.removeAttribute('tabindex')
    }
  }
  const sizes = new ResizeObserver(tell)
  const follow = () => {
    sizes.disconnect()
    for (const one of [el, ...el.children]) sizes.observe(one)
    tell()
  }
  // What is waited for stands in the place of a skeleton later.
  const parts = new MutationObserver(follow)
  parts.observe(el, { childList: true })
  el.addEventListener('scroll', tell, { passive: true })
  follow()
  return () => {
    sizes.disconnect()
    parts.disconnect()
    el.removeEventListener('scroll', tell)
  }
}
