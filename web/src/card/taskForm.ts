import { part } from '../lib/part'

export const taskForm = part(() => import('./TaskForm.svelte'))
