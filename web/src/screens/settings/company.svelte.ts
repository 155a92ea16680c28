// The settings of the company itself: read as one object, changed field by field, each change with its way back.
import { get } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { session, sync } from '../../lib/session.svelte'
import { failure, undo } from '../../lib/undo.svelte'
import type { Calendar } from './calendar'

export interface CompanySettings {
  company: string | null
  logo_file_id: number | null
  country: string
  currency: string
  time_zone: string
  calendar: Calendar
}
export class Company {
  value = $state.raw<CompanySettings | null>(null)
  problem = $state('')

  async load(): Promise<void> {
    this.problem = ''
    try {
      this.value = await get<CompanySettings>('/api/settings')
    } catch (e) {
      this.problem = failure(e)
    }
  }
  /** Rejects with what the form shows. */
  async save(body: Partial<CompanySettings>, said: string = t('settings.company.saved')): Promise<void> {
    const path = '/api/settings'
    const { data, change } = await sync.push<CompanySettings>({ method: 'PATCH', path, body: { ...body } })
    this.value = data
    void session.load()
    undo.done(said, change, () => {
      void this.load()
      void session.load()
    })
  }
}
