import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { i18n } from '../../../lib/i18n.svelte'
import Groups from './Groups.svelte'
import { keyOf, type GroupRow, type Report } from './report'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('report')
})
const anna: GroupRow = {
  ...{ group: 'Анна', group_id: 3, deals: 12, won: 5, lost: 0, open: 7 },
  ...{ naive_rate: 0.4, mature_deals: 6, mature_won: 5, mature_rate: 0.8, mature_low: 0.4, mature_high: 0.9 },
}

describe('numbers of the conversion page', () => {
  it('lead to their deals, by mouse and by keyboard; nothing counted leads nowhere', async () => {
    const onlead = vi.fn()
    render(Groups, { props: { groups: [anna], all: 0.5, onlead } })
    const user = userEvent.setup()
    await user.click(screen.getByRole('button', { name: /^Анна, .*: 12\./ }))
    expect(onlead.mock.lastCall?.slice(0, 2)).toEqual([0, 'deals'])
    screen.getByRole('button', { name: /Анна, .*: 7\./ }).focus()
    await user.keyboard('{Enter}')
    expect(onlead.mock.lastCall?.slice(0, 2)).toEqual([0, 'open'])
    expect(screen.queryByRole('button', { name: /: 0\./ })).toBeNull()
  })

  it('know the key of their row in each table', () => {
    const report = { keys: [30, 60], tables: [{ id: 'steps', keys: [5] }] } as unknown as Report
    expect([keyOf(report, 'rows', 1), keyOf(report, 'steps', 0), keyOf(report, 'groups', 0)]).toEqual([
      60,
      5,
      null,
    ])
  })
})
