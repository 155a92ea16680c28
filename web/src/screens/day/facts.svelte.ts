// What the pane of the task at hand shows of its deal and client. What cannot be had is not shown.
import { get } from '../../lib/api'
import type { Company, Contact, Deal, List, StageText } from '../../lib/types'
import type { Item } from './queue'

interface Said {
  key: string
  at: number
  title: string
  text: string
}
interface NoteRow {
  id: number
  text: string
  created_at: number
}
interface DoneTask {
  id: number
  title: string
  result: string | null
  done_at: number | null
}

export class Facts {
  deal = $state.raw<Deal | null>(null)
  contact = $state.raw<Contact | null>(null)
  company = $state.raw<Company | null>(null)
  stage = $state.raw<StageText | null>(null)
  notes = $state.raw<readonly Said[]>([])
  #stop = new AbortController()

  constructor(readonly item: Item) {}
  close(): void {
    this.#stop.abort()
  }
  #get = <T>(path: string): Promise<T | null> => get<T>(path, this.#stop.signal).catch(() => null)

  async load(): Promise<void> {
    const { task, deal } = this.item
    const ref = deal ? `deal_id = ${deal.id}` : task.contact_id ? `contact_id = ${task.contact_id}` : task.company_id ? `company_id = ${task.company_id}` : null // prettier-ignore
    if (ref === null) return
    const filter = encodeURIComponent(ref)
    const done = encodeURIComponent(`${ref} and done = true`)
    const [row, notes, tasks] = await Promise.all([
      deal ? this.#get<Deal>(`/api/deals/${deal.id}`) : null,
      this.#get<List<NoteRow>>(`/api/notes?limit=3&sort=-created_at&filter=${filter}`),
      this.#get<List<DoneTask>>(`/api/tasks?limit=3&sort=-done_at&filter=${done}`),
    ])
    if (this.#stop.signal.aborted) return
    this.deal = row
    this.notes = [
      ...(notes?.items ?? []).map((n) => ({ key: `n${n.id}`, at: n.created_at, title: '', text: n.text })),
      ...(tasks?.items ?? []).map((x) => ({ key: `t${x.id}`, at: x.done_at ?? 0, title: x.title, text: x.result ?? '' })), // prettier-ignore
    ]
      .sort((a, b) => b.at - a.at)
      .slice(0, 4)
    const contact = row?.contact_id ?? task.contact_id
    const company = row?.company_id ?? task.company_id
    const [c, k, s] = await Promise.all([
      contact === null ? null : this.#get<Contact>(`/api/contacts/${contact}`),
      company === null ? null : this.#get<Company>(`/api/companies/${company}`),
      row ? this.#get<StageText>(`/api/stages/${row.stage_id}`) : null,
    ])
    if (this.#stop.signal.aborted) return
    this.contact = c
    this.company = k
    this.stage = s
  }
}
