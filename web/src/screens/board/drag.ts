// Dragging with pragmatic-drag-and-drop, as Svelte attachments.
import type { Attachment } from 'svelte/attachments'
import { part } from '../../lib/part'
import { session } from '../../lib/session.svelte'
import type { Stage } from '../../lib/types'
import type { Board } from './board.svelte'

interface Dragged extends Record<string | symbol, unknown> {
  deals: number[]
}
const dealsOf = (source: { data: Record<string | symbol, unknown> }) => (source.data as Dragged).deals
const isDeals = ({ source }: { source: { data: Record<string | symbol, unknown> } }) =>
  Array.isArray(source.data.deals)

const dragging = part(() => import('./dragging'))
type Tools = Awaited<ReturnType<typeof dragging>>
let tools: Tools | null = null
/** As soon as the tools are there. A pointer over a card wants them now; else they come when the board stands. */
function equipped(now: boolean, equip: (tools: Tools) => () => void): () => void {
  if (tools) return equip(tools)
  let stop: (() => void) | undefined
  let gone = false
  const begin = (): void =>
    void dragging().then(
      (loaded) => {
        tools = loaded
        if (!gone) stop = equip(loaded)
      },
      () => addEventListener('online', begin, { once: true }),
    )
  const timer = setTimeout(begin, now ? 0 : 100)
  return () => {
    gone = true
    clearTimeout(timer)
    removeEventListener('online', begin)
    stop?.()
  }
}

const signs = ['pointerenter', 'pointerdown'] as const
/** A card; the selected ones travel together. */
export function dragCard(board: Board, id: () => number): Attachment<HTMLElement> {
  return (element) => {
    let stop: (() => void) | undefined
    // Only a card that is pointed at can be dragged: those that scroll by cost nothing.
    const ready = (): void => {
      stop ??= equipped(true, ({ draggable }) =>
        draggable({
          element,
          canDrag: () => session.canWrite && id() > 0,
          getInitialData: () => ({ deals: board.selected.has(id()) ? [...board.selected] : [id()] }),
          onDragStart: () => {
            board.dragging = true
            element.style.opacity = '0.4'
          },
          onDrop: () => {
            board.dragging = false
            element.style.opacity = ''
          },
        }),
      )
    }
    for (const sign of signs) element.addEventListener(sign, ready)
    return () => {
      for (const sign of signs) element.removeEventListener(sign, ready)
      stop?.()
    }
  }
}
/** A column: the place follows the pointer, `at` hears it, null when the pointer has left. */
export function dropColumn(
  board: Board,
  stage: () => Stage,
  indexAt: (clientY: number) => number,
  at: (index: number | null) => void,
): Attachment<HTMLElement> {
  return (element) =>
    equipped(false, ({ dropTargetForElements }) =>
      dropTargetForElements({
        element,
        canDrop: isDeals,
        onDragEnter: ({ location }) => at(indexAt(location.current.input.clientY)),
        onDrag: ({ location }) => at(indexAt(location.current.input.clientY)),
        onDragLeave: () => at(null),
        onDrop: ({ source, location }) => {
          at(null)
          board.drop(dealsOf(source), stage(), indexAt(location.current.input.clientY))
        },
      }),
    )
}
/** Won, lost, put off: a place to let go that is not a column. */
export function dropZone(
  drop: (ids: number[]) => void,
  over: (on: boolean) => void,
): Attachment<HTMLElement> {
  return (element) =>
    equipped(false, ({ dropTargetForElements }) =>
      dropTargetForElements({
        element,
        canDrop: isDeals,
        onDragEnter: () => over(true),
        onDragLeave: () => over(false),
        onDrop: ({ source }) => {
          over(false)
          drop(dealsOf(source))
        },
      }),
    )
}
export const autoScroll: Attachment<HTMLElement> = (element) =>
  equipped(false, ({ autoScrollForElements }) => autoScrollForElements({ element, canScroll: isDeals }))
