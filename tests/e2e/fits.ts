// Does every text fit? Looks at the text itself: where its lines are, and what cuts them off.
import type { Page } from './harness'

/** Texts that are cut off or leave the window although nothing scrolls and no ellipsis tells that there is more. */
export async function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found = new Set<string>()
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const words = node.textContent!.trim()
      const el = node.parentElement!
      if (!words || !el.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
      if (el.closest('svg, .sr, .skip, script, style')) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      const lines = [...range.getClientRects()]
      // Only for readers of the screen: a box of a pixel.
      if (lines.length === 0 || hidden(el)) continue
      const why = trouble(el, lines)
      if (why) found.add(`${el.tagName.toLowerCase()}.${el.className} ${why}: ${words.slice(0, 60)}`)
    }
    return [...found]

    function hidden(el: Element): boolean {
      for (let e: Element | null = el; e; e = e.parentElement) {
        const box = e.getBoundingClientRect()
        if (box.width <= 1 && box.height <= 1 && getComputedStyle(e).overflow !== 'visible') return true
      }
      return false
    }
    function half(line: DOMRect, box: DOMRect): boolean {
      const inside = Math.min(line.bottom, box.bottom) - Math.max(line.top, box.top)
      return inside > 1 && inside < line.height * 0.75
    }
    function trouble(el: HTMLElement, lines: DOMRect[]): string | null {
      const fixed = { x: false, y: false }
      for (let e: HTMLElement | null = el; e && e !== document.documentElement; e = e.parentElement) {
        const style = getComputedStyle(e)
        const box = e.getBoundingClientRect()
        const clips = (o: string) => o === 'hidden' || o === 'clip'
        const scrolls = (o: string) => o === 'auto' || o === 'scroll'
        if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') return null
        // A line that is out of sight as a whole was put there on purpose; half a line was not.
        if (!fixed.y && clips(style.overflowY)) {
          if (lines.some((l) => half(l, box)))
            return `is cut from above or below by ${e.tagName.toLowerCase()}.${e.className}`
          lines = lines.filter((l) => l.bottom > box.top + 1 && l.top < box.bottom - 1)
          if (lines.length === 0) return null
        }
        const left = Math.min(...lines.map((l) => l.left))
        const right = Math.max(...lines.map((l) => l.right))
        if (!fixed.x && clips(style.overflowX) && (right > box.right + 1 || left < box.left - 1))
          return `is cut at the side by ${e.tagName.toLowerCase()}.${e.className}`
        fixed.x ||= scrolls(style.overflowX)
        fixed.y ||= scrolls(style.overflowY)
        // Text that is wider than the button or field around it runs over its edge.
        if (
          !fixed.x &&
          /^(BUTTON|A|TD|TH|LI|DD|DT|P|H1|H2|H3|LABEL|LEGEND)$/.test(e.tagName) &&
          style.display !== 'inline'
        )
          if (right > box.right + 2) return `runs over the edge of ${e.tagName.toLowerCase()}.${e.className}`
        if (style.position === 'fixed') break
      }
      if (!fixed.x && lines.some((l) => l.right > innerWidth + 1 || l.left < -1)) return 'leaves the window'
      return null
    }
  })
}
/** Buttons and fields that nobody can reach: outside of the window, and nothing scrolls there. */
export async function outOfReach(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    for (const el of document.querySelectorAll<HTMLElement>(
      'button, a[href], input, select, textarea, [role=button]',
    )) {
      if (
        !el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ||
        el.closest('.sr, .skip')
      )
        continue
      const box = el.getBoundingClientRect()
      let scrolls = false
      for (let e = el.parentElement; e; e = e.parentElement)
        scrolls ||= /auto|scroll/.test(getComputedStyle(e).overflowX)
      const inner = document.getElementById('main')
      const onlyMain = inner?.contains(el) && !hasScroller(el, inner)
      if ((!scrolls || onlyMain) && (box.right > innerWidth + 1 || box.left < -1))
        found.push(
          `${el.tagName.toLowerCase()}.${el.className} ${el.ariaLabel ?? el.innerText} at ${Math.round(box.left)}..${Math.round(box.right)}`,
        )
    }
    return found
    function hasScroller(el: Element, end: Element): boolean {
      for (let e = el.parentElement; e && e !== end; e = e.parentElement)
        if (/auto|scroll/.test(getComputedStyle(e).overflowX)) return true
      return false
    }
  })
}
/** By how many pixels the page, or the part that holds the screen, can be pushed aside. */
export async function sideways(page: Page): Promise<number> {
  return page.evaluate(() => {
    const over = (el: Element | null) => (el ? el.scrollWidth - el.clientWidth : 0)
    return Math.max(over(document.documentElement), over(document.getElementById('main')))
  })
}
