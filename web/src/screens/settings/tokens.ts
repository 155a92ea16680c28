// The scopes of a token: "deals:read", "*:write". Writing includes reading.
import { t, type Key } from '../../lib/i18n.svelte'

export const scoped = ['deals', 'contacts', 'companies', 'tasks', 'notes', 'products'] as const
export type Level = '' | 'read' | 'write'

export function toScopes(all: Level, single: Readonly<Record<string, Level>>): string[] | null {
  if (all === 'write') return null // all that its user may
  if (all === 'read') return ['*:read']
  return Object.entries(single)
    .filter(([, level]) => level !== '')
    .map(([objects, level]) => `${objects}:${level}`)
}
/** When it ends, days from now; 0: never. */
export function expiry(days: number, now: number): number | null {
  return days > 0 ? now + days * 86_400_000 : null
}
export function scopeText(scopes: readonly string[] | null | undefined): string {
  if (!scopes || scopes.length === 0 || scopes.includes('*:write')) return t('settings.tokens.all')
  if (scopes.includes('*:read')) return t('settings.tokens.read')
  return scopes
    .map((scope) => {
      const [objects = '', level = ''] = scope.split(':')
      const name = scoped.find((s) => s === objects)
      return `${name ? t(`settings.tokens.of.${name}` as Key) : objects}: ${t(level === 'write' ? 'settings.tokens.w' : 'settings.tokens.r')}`
    })
    .join(', ')
}
