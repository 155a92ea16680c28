import { router } from '../../lib/router.svelte'

/** The deal as a panel over the board; the URL says so, so Back closes it. */
export function openDeal(id: number | null): void {
  router.set({ deal: id === null ? null : String(id) }, { replace: id === null })
}
