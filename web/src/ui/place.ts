/** Puts a popover under its anchor, above it when there is more room, and inside the window. */
export function place(popover: HTMLElement, anchor: HTMLElement, align: 'start' | 'end' = 'start'): void {
  const a = anchor.getBoundingClientRect()
  const gap = 4
  const edge = 8
  const below = innerHeight - a.bottom - gap - edge
  const above = a.top - gap - edge
  const height = popover.scrollHeight + 2
  const up = height > below && above > below
  popover.style.maxHeight = `${Math.floor(up ? above : below)}px`
  popover.style.minWidth = `${Math.floor(a.width)}px`
  const shown = Math.min(height, up ? above : below)
  popover.style.top = `${Math.round(up ? a.top - gap - shown : a.bottom + gap)}px`
  const width = popover.offsetWidth
  const left = align === 'end' ? a.right - width : a.left
  popover.style.left = `${Math.round(Math.max(edge, Math.min(left, innerWidth - width - edge)))}px`
}
