// Dragging with pragmatic-drag-and-drop, as Svelte attachments.
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { autoScrollForElements } from '@atlaskit/pragmatic-drag-and-drop-auto-scroll/element'
import type { Attachment } from 'svelte/attachments'
import { session } from '../../lib/session.svelte'
import type { Stage } from '../../lib/types'
import type { Board } from './board.svelte'

interface Dragged extends Record<string | symbol, unknown> {
  deals: number[]
}
const dealsOf = (source: { data: Record<string | symbol, unknown> }) => (source.data as Dragged).deals
const isDeals = ({ source }: { source: { data: Record<string | symbol, unknown> } }) =>
  Array.isArray(source.data.deals)

const signs = ['pointerenter', 'pointerdown'] as const
/** A card; the selected ones travel together. */
export function dragCard(board: Board, id: () => number): Attachment<HTMLElement> {
  return (element) => {
    let stop: (() => void) | undefined
    // Only a card that is pointed at can be dragged: those that scroll by cost nothing.
    const ready = (): void => {
      stop ??= draggable({
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
      })
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
    })
}
/** Won, lost, put off: a place to let go that is not a column. */
export function dropZone(
  drop: (ids: number[]) => void,
  over: (on: boolean) => void,
): Attachment<HTMLElement> {
  return (element) =>
    dropTargetForElements({
      element,
      canDrop: isDeals,
      onDragEnter: () => over(true),
      onDragLeave: () => over(false),
      onDrop: ({ source }) => {
        over(false)
        drop(dealsOf(source))
      },
    })
}
export const autoScroll: Attachment<HTMLElement> = (element) =>
  autoScrollForElements({ element, canScroll: isDeals })
