import { part } from '../../lib/part'

export const pointForm = part(() => import('./PointForm.svelte'))
