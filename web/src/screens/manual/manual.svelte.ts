// The manual of a funnel, who has read which of its stages, and when it was changed.
import { get, request } from '../../lib/api'
import { session } from '../../lib/session.svelte'
import { toasts } from '../../lib/toasts.svelte'
import type { List } from '../../lib/types'
import { failure } from '../../lib/undo.svelte'
import { whole } from '../designer/design.svelte'
import { present, type Definition } from '../designer/definition'

interface Read {
  id: number
  stage_id: number
  user_id: number
  funnel_version: number
  created_at: number
}
export interface Version {
  version: number
  at: number
  actor_id: number | null
  definition: Definition
}
export class Manual {
  doc = $state.raw<Definition | null>(null)
  reads = $state.raw<readonly Read[]>([])
  versions = $state.raw<readonly Version[]>([])
  problem = $state('')
  constructor(readonly funnel: number) {}

  async load(): Promise<void> {
    this.problem = ''
    try {
      this.doc = whole(await get<Definition>(`/api/funnels/${this.funnel}/definition`))
    } catch (e) {
      this.problem = failure(e)
      return
    }
    void this.loadReads()
    this.versions = await get<{ items: Version[] }>(`/api/funnels/${this.funnel}/versions`)
      .then((a) => a.items)
      .catch(() => []) // a list below the manual, not the manual
  }
  async loadReads(): Promise<void> {
    const ids = present(this.doc?.stages).map((s) => s.id)
    if (ids.length === 0) return
    const filter = encodeURIComponent(`stage_id in (${ids.join(', ')})`)
    this.reads = await get<List<Read>>(`/api/regulation-reads?filter=${filter}&limit=500&sort=-id`)
      .then((a) => a.items)
      .catch(() => [])
  }
  /** Who has read the stage as it is now, newest first; one line a person. */
  readers(stage: number): Read[] {
    const seen = new Set<number>()
    return this.reads.filter((r) => {
      if (r.stage_id !== stage || r.funnel_version < (this.doc?.version ?? 0) || seen.has(r.user_id))
        return false
      seen.add(r.user_id)
      return true
    })
  }
  mine(stage: number): boolean {
    return this.readers(stage).some((r) => r.user_id === session.user.id)
  }
  async read(stage: number): Promise<void> {
    try {
      await request('POST', '/api/regulation-reads', { body: { stage_id: stage } })
      await this.loadReads()
    } catch (e) {
      toasts.error(failure(e))
    }
  }
}
