// Typed fetch: problem+json becomes Problem, a missing network becomes Offline, the rest is the answer.
export interface FieldError {
  field: string
  code: string
  detail: string
}
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly field: string | null = null,
    readonly errors: FieldError[] = [],
    readonly retryAfter: number | null = null,
    /** The answer as a whole: some refusals say more (what a move lacks, which task is proposed). */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail)
  }
}
export class Offline extends Error {}

export interface Answer<T> {
  data: T
  /** ETag of the object, for the next If-Match. */
  version: number | null
  /** Journal number of the change, for undo. */
  change: number | null
}
export interface Options {
  body?: unknown
  version?: number | null
  key?: string
  signal?: AbortSignal
}
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

let csrf = ''
let signedOut: () => void = () => {}
export function setCsrf(token: string): void {
  csrf = token
}
export function csrfToken(): string {
  return csrf
}
export function onSignedOut(run: () => void): void {
  signedOut = run
}

export async function request<T>(method: Method, path: string, options: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
  if (options.key) headers['Idempotency-Key'] = options.key
  if (options.version) headers['If-Match'] = `"${options.version}"`
  let answer: Response
  try {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body)
    answer = await fetch(path, { method, headers, body, signal: options.signal, credentials: 'same-origin' })
  } catch (e) {
    if (options.signal?.aborted) throw e
    throw new Offline(String(e))
  }
  if (!answer.ok) throw await problem(answer, path)
  const text = answer.status === 204 ? '' : await answer.text()
  return {
    data: (text ? JSON.parse(text) : null) as T,
    version: header(answer, 'ETag'),
    change: header(answer, 'Voronka-Change'),
  }
}
export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await request<T>('GET', path, { signal })).data

function header(answer: Response, name: string): number | null {
  const digits = answer.headers.get(name)?.match(/\d+/)
  return digits ? Number(digits[0]) : null
}
async function problem(answer: Response, path: string): Promise<Problem> {
  const retry = Number(answer.headers.get('Retry-After')) || null
  let p: { code?: string; detail?: string; title?: string; field?: string; errors?: FieldError[] } = {}
  try {
    p = await answer.json()
  } catch {
    // A proxy answered with something else; the status says enough.
  }
  if (answer.status === 401 && !path.startsWith('/api/session')) signedOut()
  const code = p.code ?? `http_${answer.status}`
  const said = p.detail ?? p.title ?? code
  return new Problem(answer.status, code, said, p.field ?? null, p.errors ?? [], retry, p)
}
