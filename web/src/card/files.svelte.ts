// The files of a card: what is there, and what is on its way.
import { t } from '../lib/i18n.svelte'
import { toasts } from '../lib/toasts.svelte'
import type { FileRow } from '../lib/types'
import { failure } from '../lib/undo.svelte'
import type { CardObject } from './card.svelte'
import { Rows } from './rows.svelte'

export interface Sending {
  key: number
  name: string
  share: number
  stop: AbortController
}
/** What is offered to see at once; the rest is downloaded. */
export const isPicture = (type: string) => /^image\/(png|jpeg|gif|webp|avif|bmp)$/.test(type)
export const contentOf = (id: number) => `/api/files/${id}/content`
export const thumbnailOf = (id: number) => `/api/files/${id}/thumbnail`

export class Files {
  readonly rows: Rows<FileRow>
  sending = $state.raw<readonly Sending[]>([])
  /** Something is held over the page. */
  over = $state(false)
  #next = 1

  constructor(
    readonly object: CardObject,
    readonly id: number,
    private changed: () => void,
  ) {
    this.rows = new Rows<FileRow>('files', `${object}_id = ${id}`, '-created_at')
  }
  /** One after the other, so that a slow line is not shared by all. */
  async add(list: Iterable<File>): Promise<void> {
    const files = [...list]
    const waiting = files.map((file): [File, Sending] => [
      file,
      { key: this.#next++, name: nameOf(file), share: 0, stop: new AbortController() },
    ])
    this.sending = [...this.sending, ...waiting.map(([, s]) => s)]
    for (const [file, s] of waiting) await this.#send(file, s)
  }
  async #send(file: File, s: Sending): Promise<void> {
    const query = new URLSearchParams({ [`${this.object}_id`]: String(this.id), name: s.name })
    const told = (share: number) =>
      (this.sending = this.sending.map((x) => (x.key === s.key ? { ...x, share } : x)))
    try {
      if (s.stop.signal.aborted) return
      const { upload } = await import('../lib/upload')
      const made = await upload<FileRow>(`/api/files?${query}`, file, told, s.stop.signal)
      this.rows.list = [made, ...this.rows.list.filter((x) => x.id !== made.id)]
      toasts.show(t('files.added', { name: made.name }))
      this.changed()
    } catch (e) {
      if (!s.stop.signal.aborted) toasts.error(`${s.name}: ${failure(e)}`)
    } finally {
      this.sending = this.sending.filter((x) => x.key !== s.key)
    }
  }
}
/** A picture out of the clipboard has the same name every time. */
function nameOf(file: File): string {
  if (file.name && file.name !== 'image.png') return file.name
  const stamp = new Date().toISOString().slice(0, 16).replace('T', ' ').replace(':', '-')
  return file.name ? `${stamp} ${file.name}` : `${stamp}.bin`
}
/** 1.4 MB as people say it. */
export function sizeText(bytes: number, num: (n: number, digits?: number) => string): string {
  const units = ['files.b', 'files.kb', 'files.mb', 'files.gb'] as const
  let n = bytes
  let i = 0
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024
    i++
  }
  return t(units[i]!, { n: num(n, i === 0 || n >= 100 ? 0 : 1) })
}
