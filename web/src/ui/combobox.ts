import { part } from '../lib/part'

export const combobox = part(() => import('./Combobox.svelte'))
