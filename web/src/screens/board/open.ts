import { router } from '../../lib/router.svelte'
import type { Board } from './board.svelte'

/** The deal as a panel over the board; the URL says so, so Back closes it. */
export function openDeal(id: number | null): void {
  router.set({ deal: id === null ? null : String(id) }, { replace: id === null })
}

/** The deal `by` places on from another, down its column and on into the next one. */
export function neighbour(board: Board, id: number, by: number): number | null {
  const all = board.columns.flatMap((column) => column.cards)
  const at = all.findIndex((card) => card.id === id)
  return at < 0 ? null : (all[at + by]?.id ?? null)
}
