// Panels of the daily work that come on demand bring their texts with them.
import { i18n } from './i18n.svelte'

export async function work<M>(module: Promise<M>): Promise<M> {
  return (await Promise.all([module, i18n.with('card'), i18n.with('work')]))[0]
}
/** What a card shows first: its history, its stage, its owners. */
export async function card<M>(module: Promise<M>): Promise<M> {
  return (await Promise.all([module, i18n.with('card')]))[0]
}
/** The same of a deal. */
export async function ofDeals<M>(module: Promise<M>): Promise<M> {
  return (await Promise.all([card(module), i18n.with('deal')]))[0]
}
/** Of what is about clients. */
export async function ofClients<M>(module: Promise<M>): Promise<M> {
  return (await Promise.all([module, i18n.with('client')]))[0]
}
/** What opens over any screen. */
export async function over<M>(module: Promise<M>): Promise<M> {
  return (await Promise.all([module, i18n.with('over')]))[0]
}
