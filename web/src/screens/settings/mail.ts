// The mail server as the server tells it, and why a letter did not go, in words.
import { i18n, t, type Key } from '../../lib/i18n.svelte'

export interface Letter {
  id: number
  to: string
  created_at: number
  sent_at: number | null
  state: 'waiting' | 'sent' | 'given_up'
  attempts: number
  error: string | null
}
export interface Mail {
  host: string | null
  port: number
  security: 'tls' | 'starttls' | 'none'
  user: string | null
  password_set: boolean
  from: string | null
  name: string | null
  url: string | null
  waiting: number
  given_up: number
  /** What keeps all letters back until somebody changes something. */
  problem: { code: string; detail: string; letters: number } | null
  letters: Letter[]
}
/** "sign_in_refused: Login denied": the first word is ours, the rest is the server's. */
export function called(error: string): string {
  const [code = '', ...rest] = error.split(': ')
  const key = `settings.mail.error.${code}`
  const said = i18n.texts[key] ? t(key as Key) : code
  return rest.length > 0 ? `${said} (${rest.join(': ')})` : said
}
