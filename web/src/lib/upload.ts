// Sends the bytes of a file and tells how far it is; fetch cannot say that, XMLHttpRequest can.
import { csrfToken, Offline, Problem } from './api'

export function upload<T>(
  path: string,
  file: Blob,
  progress: (share: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((done, failed) => {
    const asked = new XMLHttpRequest()
    asked.open('POST', path)
    asked.setRequestHeader('Accept', 'application/json')
    asked.setRequestHeader('X-CSRF-Token', csrfToken())
    asked.setRequestHeader('Content-Type', 'application/octet-stream')
    asked.upload.onprogress = (e) => progress(e.lengthComputable && e.total > 0 ? e.loaded / e.total : 0)
    asked.onerror = () => failed(new Offline('upload'))
    asked.onabort = () => failed(new DOMException('aborted', 'AbortError'))
    asked.onload = () => {
      let data: { code?: string; detail?: string; title?: string; field?: string } = {}
      try {
        data = JSON.parse(asked.responseText)
      } catch {
        // A proxy answered with something else; the status says enough.
      }
      if (asked.status >= 200 && asked.status < 300) return done(data as T)
      const code = data.code ?? `http_${asked.status}`
      failed(new Problem(asked.status, code, data.detail ?? data.title ?? code, data.field ?? null))
    }
    signal?.addEventListener('abort', () => asked.abort())
    asked.send(file)
  })
}
