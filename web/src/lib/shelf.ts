// Where unsent changes wait through a reload: IndexedDB, or memory when the browser has none (private windows).
import type { Mutation, Shelf } from './sync.svelte'

export class MemoryShelf implements Shelf {
  #kept = new Map<string, Mutation>()
  all = async () => [...this.#kept.values()]
  put = async (m: Mutation) => void this.#kept.set(m.id, m)
  remove = async (id: string) => void this.#kept.delete(id)
}

interface Row {
  id: string
  user: number
  at: number
  mutation: Mutation
}
/** One user's unsent changes; on a shared office PC nobody sends another's. */
export class BrowserShelf implements Shelf {
  #db: Promise<IDBDatabase>
  constructor(private user: () => number) {
    this.#db = new Promise((ok, failed) => {
      const open = indexedDB.open('voronka', 1)
      open.onupgradeneeded = () => open.result.createObjectStore('unsent', { keyPath: 'id' })
      open.onsuccess = () => ok(open.result)
      open.onerror = () => failed(open.error)
    })
    this.#db.catch(() => {}) // every use below meets the same refusal and goes on without
  }
  async all(): Promise<Mutation[]> {
    const rows = await this.#do<Row[]>('readonly', (s) => s.getAll()).catch(() => [])
    return rows
      .filter((r) => r.user === this.user())
      .sort((a, b) => a.at - b.at)
      .map((r) => r.mutation)
  }
  async put(mutation: Mutation): Promise<void> {
    // $state proxies cannot be cloned into the database, plain JSON can.
    const row = JSON.parse(JSON.stringify({ id: mutation.id, user: this.user(), at: Date.now(), mutation }))
    await this.#do('readwrite', (s) => s.put(row)).catch(() => {})
  }
  async remove(id: string): Promise<void> {
    await this.#do('readwrite', (s) => s.delete(id)).catch(() => {})
  }
  async #do<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest): Promise<T> {
    const db = await this.#db
    return new Promise((ok, failed) => {
      const asked = use(db.transaction('unsent', mode).objectStore('unsent'))
      asked.onsuccess = () => ok(asked.result as T)
      asked.onerror = () => failed(asked.error)
    })
  }
}
