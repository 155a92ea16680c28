// A list whose rows are dragged to another place, as a Svelte attachment of each row; Alt and the arrows do the same.
import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine'
import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import type { Attachment } from 'svelte/attachments'

export interface Sortable {
  /** Lists do not mix: rows of one list only. */
  list: string
  id: number | string
  can: boolean
  /** Which edge of the row the dragged one would go to, null when it has left. */
  over: (edge: 'before' | 'after' | null) => void
  drop: (moved: number | string, edge: 'before' | 'after') => void
}
export function sortable(of: () => Sortable): Attachment<HTMLElement> {
  return (element) => {
    const handle = element.querySelector<HTMLElement>('[data-handle]') ?? undefined
    const edge = (y: number): 'before' | 'after' => {
      const box = element.getBoundingClientRect()
      return y < box.top + box.height / 2 ? 'before' : 'after'
    }
    return combine(
      draggable({
        element,
        dragHandle: handle,
        canDrag: () => of().can,
        getInitialData: () => ({ list: of().list, row: of().id }),
        onDragStart: () => (element.style.opacity = '0.4'),
        onDrop: () => (element.style.opacity = ''),
      }),
      dropTargetForElements({
        element,
        canDrop: ({ source }) => source.data.list === of().list && source.data.row !== of().id,
        onDragEnter: ({ location }) => of().over(edge(location.current.input.clientY)),
        onDrag: ({ location }) => of().over(edge(location.current.input.clientY)),
        onDragLeave: () => of().over(null),
        onDrop: ({ source, location }) => {
          of().over(null)
          of().drop(source.data.row as number | string, edge(location.current.input.clientY))
        },
      }),
    )
  }
}
/** Where a row goes in the list without it, when it is let go at an edge of another. */
export function indexOf<T extends { id: number | string }>(
  rows: readonly T[],
  moved: number | string,
  at: number | string,
  edge: 'before' | 'after',
): number {
  const others = rows.filter((r) => r.id !== moved)
  return others.findIndex((r) => r.id === at) + (edge === 'after' ? 1 : 0)
}
