import type { Component } from 'svelte'
import { router } from '../../lib/router.svelte'
import type { Board } from './board.svelte'
import type { Board } from './board.svelte'

export interface DealPanelProps {
  id: number
  onclose: () => void
  /** J and K: the next deal of the column, or the one before. */
  onstep: (by: 1 | -1) => void
}
type Load = () => Promise<{ default: Component<DealPanelProps> }>
// The deal card is a screen of its own; the board shows it beside the columns.
const found = import.meta.glob<{ default: Component<DealPanelProps> }>('../deal/DealPanel.svelte')
export const loadDealPanel = found['../deal/DealPanel.svelte'] as Load | undefined

/** The deal as a panel over the board; the URL says so, so Back closes it. Without a deal card: the quick look. */
export function openDeal(board: Board, id: number | null): void {
  if (loadDealPanel) {
    if (id !== null) board.peeked = null
    router.set({ deal: id === null ? null : String(id) }, { replace: id === null })
  } else board.peeked = id
}

/** The deal `by` places on from another, down its column and on into the next one. */
export function neighbour(board: Board, id: number, by: number): number | null {
  const all = board.columns.flatMap((column) => column.cards)
  const at = all.findIndex((card) => card.id === id)
  return at < 0 ? null : (all[at + by]?.id ?? null)
}
