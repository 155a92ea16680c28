// What a test asks the server behind the browser's back: to prepare, and to see what really came of it.
export class Api {
  private constructor(
    readonly url: string,
    readonly cookie: string,
    readonly csrf: string,
  ) {}
  /** One-click sign-in of the demo. */
  static async enter(url: string, userId: number): Promise<Api> {
    const answer = await fetch(`${url}/api/demo/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: userId }),
    })
    if (answer.status !== 200)
      throw new Error(`sign-in as ${userId}: ${answer.status} ${await answer.text()}`)
    const { csrf } = (await answer.json()) as { csrf: string }
    return new Api(url, /voronka_session=([^;]+)/.exec(answer.headers.get('set-cookie')!)![1]!, csrf)
  }
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/${path}`, {
      method,
      headers: {
        cookie: `voronka_session=${this.cookie}`,
        ...(method === 'GET' ? {} : { 'x-csrf-token': this.csrf, 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`)
    return (text ? JSON.parse(text) : null) as T
  }
  /** A table brought in as the import wizard does it; waits until it is there. */
  async importTable(
    object: string,
    fields: readonly string[],
    rows: readonly (readonly unknown[])[],
  ): Promise<void> {
    const table = [fields, ...rows]
      .map((r) => r.map((v) => `"${String(v).replaceAll('"', '""')}"`).join(','))
      .join('\n')
    const sent = await fetch(`${this.url}/api/uploads?name=table.csv`, {
      method: 'POST',
      headers: {
        ...{
          cookie: `voronka_session=${this.cookie}`,
          'x-csrf-token': this.csrf,
        },
        'content-type': 'application/octet-stream',
      },
      body: table,
    })
    const { upload_id } = (await sent.json()) as { upload_id: string }
    const columns = fields.map((field, column) => ({ column, object, field }))
    const { id } = await this.create<{ id: number }>('imports', {
      upload_id,
      object,
      columns,
      match: [],
    })
    for (;;) {
      const now = await this.get<{
        state: string
        failed_count: number
        total: number
      }>(`operations/${id}`)
      if (now.state === 'done' && now.failed_count === 0) return
      if (now.state !== 'waiting' && now.state !== 'running')
        throw new Error(`the import: ${JSON.stringify(now)}`)
      await new Promise((go) => setTimeout(go, 50))
    }
  }
  get = <T>(path: string) => this.ask<T>('GET', path)
  create = <T>(objects: string, body: unknown) => this.ask<T>('POST', objects, body)
  patch = <T>(path: string, body: unknown) => this.ask<T>('PATCH', path, body)
  remove = (path: string) => this.ask<null>('DELETE', path)
  async list<T>(objects: string, filter = '', more = ''): Promise<T[]> {
    return (
      await this.get<{ items: T[] }>(`${objects}?limit=500&filter=${encodeURIComponent(filter)}${more}`)
    ).items
  }
}
