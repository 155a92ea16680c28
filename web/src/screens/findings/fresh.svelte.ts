// How many findings nobody has looked at, and which pages of insight this person has.
import { get } from '../../lib/api'
import { t } from '../../lib/i18n.svelte'
import { live } from '../../lib/live'
import { schema } from '../../lib/schema.svelte'
import type { List } from '../../lib/types'

class Fresh {
  count = $state(0)
  #users = 0
  #stop = () => {}

  /** For as long as somebody shows it; gives its way out. */
  follow(): () => void {
    if (this.#users++ === 0) {
      void schema.load().then(() => this.load())
      const again = () => void this.load()
      this.#stop = live('/api/events', -1, {
        change: (c) => c.object === 'finding' && again(),
        reset: again,
      })
    }
    return () => {
      if (--this.#users === 0) this.#stop()
    }
  }
  async load(): Promise<void> {
    if (!schema.may('finding', 'see')) return
    const query = new URLSearchParams({ limit: '1', fields: 'id', count: '1', filter: 'state = "new"' })
    try {
      this.count = (await get<List<{ id: number }> & { count: number }>(`/api/findings?${query}`)).count
    } catch {
      // The next change asks again; no badge is no harm.
    }
  }
  /** Tabs beside the dashboards. */
  get tabs(): { id: string; label: string; href: string; count?: number }[] {
    const all = [
      { id: 'findings', label: t('nav.findings'), href: '/findings', of: 'finding', count: this.count },
      { id: 'plans', label: t('nav.plans'), href: '/plans', of: 'plan' },
      { id: 'kpi', label: t('nav.kpi'), href: '/kpi', of: 'kpi' },
      { id: 'pay', label: t('nav.pay'), href: '/pay', of: 'pay-scheme' },
    ]
    return all.filter((x) => schema.may(x.of, 'see')).map(({ of: _, ...tab }) => tab)
  }
}
export const fresh = new Fresh()
