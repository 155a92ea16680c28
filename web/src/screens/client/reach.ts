// How a phone, a mail or a messenger is reached with one click; null when there is no safe way.
import type { ContactPoint } from '../../lib/types'
import { safeLink } from '../../ui/fields/values'

export function reachOf({
  kind,
  value,
  label,
}: Pick<ContactPoint, 'kind' | 'value' | 'label'>): string | null {
  const text = value.trim()
  const digits = text.replace(/[^+\d]/g, '')
  if (kind === 'phone') return `tel:${text.replace(/[^+\d,;*#]/g, '')}`
  if (kind === 'email') return `mailto:${text}`
  if (kind === 'site') return safeLink(text)
  if (kind !== 'messenger') return null
  if (/^https?:\/\//i.test(text)) return safeLink(text)
  const name = text.replace(/^@/, '')
  const where = `${label ?? ''} ${text}`.toLowerCase()
  if (/whatsapp|ватсап|вотсап/.test(where) && digits.length >= 10)
    return `https://wa.me/${digits.replace('+', '')}`
  if (/telegram|телеграм|\btg\b/.test(where) || text.startsWith('@'))
    return /^[a-z0-9_]{4,40}$/i.test(name) ? `https://t.me/${name}` : null
  if (/\bvk\b|вк|вконтакте/.test(where))
    return /^[a-z0-9_.]{2,60}$/i.test(name) ? `https://vk.com/${name}` : null
  return null
}
