import { beforeAll, expect, it } from 'vitest'
import { i18n } from '../../lib/i18n.svelte'
import { called } from './mail'

beforeAll(async () => {
  await i18n.use('ru')
  await i18n.with('settings')
})
it('a failure is said in words, with what the mail server said behind it', () => {
  expect(called('sign_in_refused: Login denied, SMTP 535')).toBe(
    'не пустил по паролю (Login denied, SMTP 535)',
  )
  expect(called('new_code')).toBe('new_code')
})
