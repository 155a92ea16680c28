import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { sync } from '../../lib/session.svelte'
import type { Mail } from './mail'
import MailPage from './MailPage.svelte'
import type { Page } from './pages'

const mail: Mail = {
  ...{ host: 'smtp.example.ru', port: 587, security: 'starttls', user: 'crm', password_set: true },
  ...{ from: 'crm@example.ru', name: null, url: 'https://crm.example.ru' },
  ...{ waiting: 0, given_up: 0, problem: null, letters: [] },
}
beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('settings')
})
afterEach(() => vi.unstubAllGlobals())

it('the password of the mail server goes to the server alone, not to what the browser keeps', async () => {
  const sent: [string | undefined, unknown][] = []
  vi.stubGlobal('fetch', (_: string, init?: RequestInit) => {
    sent.push([init?.method, init?.body])
    return Promise.resolve(Response.json(mail))
  })
  const kept = vi.spyOn(sync, 'push')
  render(MailPage, { props: { page: { id: 'mail' } as Page, id: null } })
  const user = userEvent.setup()
  await user.type(await screen.findByLabelText('Пароль'), 'тайна')
  await user.click(screen.getByRole('button', { name: 'Сохранить' }))
  await vi.waitFor(() => expect(sent).toContainEqual(['PATCH', '{"password":"тайна"}']))
  expect(kept).not.toHaveBeenCalled()
})

it('the password is removed alone, and what keeps letters back stands above the settings', async () => {
  const sent: unknown[] = []
  const problem = { code: 'sign_in_refused', detail: '535 5.7.8 wrong password', letters: 3 }
  vi.stubGlobal('fetch', (_: string, init?: RequestInit) => {
    if (init?.method === 'PATCH') sent.push(init.body)
    const removed = sent.length > 0 ? { password_set: false, problem: null } : { problem }
    return Promise.resolve(Response.json({ ...mail, ...removed }))
  })
  render(MailPage, { props: { page: { id: 'mail' } as Page, id: null } })
  const user = userEvent.setup()
  expect((await screen.findByRole('alert')).textContent).toMatch(/не пустил по паролю.*535.*ждут отправки 3/s)
  await user.click(screen.getByRole('button', { name: 'Удалить пароль' }))
  await vi.waitFor(() => expect(sent).toEqual(['{"password":null}']))
  await vi.waitFor(() => expect(screen.queryByRole('button', { name: 'Удалить пароль' })).toBeNull())
  expect(screen.queryByRole('alert')).toBeNull()
})
