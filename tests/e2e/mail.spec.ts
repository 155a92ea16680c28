// The administrator sets the mail server: a test letter, why letters do not leave, the password taken away (R214, R362).
import { mkdtempSync } from 'node:fs'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from '../../web/node_modules/@playwright/test'
import { expectAccessible } from './a11y'
import { expect, text } from './harness'
import { end, serve, voronka } from './server'

const email = 'admin@example.ru'
const password = 'первый день почты 1'
/** A company of its own: a demo company sends no letters. */
function company(data: string): void {
  process.env.VORONKA_PASSWORD = password
  voronka([
    ...['user', 'add', '--data', data, '--email', email, '--name', 'Ольга Первая'],
    ...['--role', 'admin', '--locale', 'ru'],
  ])
  delete process.env.VORONKA_PASSWORD
}
/** A mail server that lets in who knows the password. */
async function mailServer(secret: string): Promise<{ port: number; letters: string[]; server: NetServer }> {
  const letters: string[] = []
  const server = createServer((socket: Socket) => {
    let buffer = ''
    let data: string | null = null
    let signing = false
    let signed = false
    const say = (line: string) => socket.write(`${line}\r\n`)
    const answer = (line: string): boolean => {
      if (signing || /^AUTH PLAIN ./i.test(line)) {
        const words = Buffer.from(signing ? line : line.slice(11), 'base64')
          .toString()
          .split('\0')
        signing = false
        signed = words[2] === secret
        return say(signed ? '235 welcome' : '535 5.7.8 wrong password')
      }
      if (/^EHLO/i.test(line)) return say('250-test\r\n250 AUTH PLAIN')
      if (/^AUTH/i.test(line)) return ((signing = true), say('334 '))
      if (/^MAIL/i.test(line)) return say(signed ? '250 ok' : '530 5.7.0 sign in first')
      if (/^DATA/i.test(line)) return ((data = ''), say('354 go on'))
      return say(/^QUIT/i.test(line) ? '221 bye' : '250 ok')
    }
    socket.on('error', () => {})
    say('220 test')
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1')
      for (let at: number; (at = buffer.indexOf('\r\n')) >= 0;) {
        const line = buffer.slice(0, at)
        buffer = buffer.slice(at + 2)
        if (data === null) answer(line)
        else if (line === '.') {
          letters.push(data)
          data = null
          say('250 taken')
        } else data += `${line}\r\n`
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { port: (server.address() as { port: number }).port, letters, server }
}
const test = base.extend<object, { url: string }>({
  url: [
    async ({}, use) => {
      const data = mkdtempSync(join(tmpdir(), 'voronka-e2e-'))
      company(data)
      const { child, url } = await serve(data)
      await use(url)
      await end(child, data)
    },
    { scope: 'worker', timeout: 60_000 },
  ],
})

test('Почта: сервер задан с чужим паролем, сказано почему не уходит; верный пароль отправляет, потом его убирают', async ({
  page,
  url,
}) => {
  test.setTimeout(90_000) // the page asks every five seconds what has become of letters
  const box = await mailServer('секрет')
  await page.goto(url)
  await page.getByLabel(text('signin.email')).fill(email)
  await page.getByLabel(text('signin.password')).fill(password)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/start/)
  await page.goto(`${url}/settings/mail`)
  const field = (name: string) => page.getByLabel(text(`settings.mail.${name}`), { exact: true })
  const save = () => page.getByRole('button', { name: text('app.save') }).click()
  const problem = page.getByRole('alert').filter({ hasText: text('settings.mail.error.sign_in_refused') })
  await field('host').fill('127.0.0.1')
  await page.getByLabel(new RegExp(`^${text('settings.mail.security')}`)).selectOption('none')
  await field('port').fill(String(box.port))
  await field('user').fill('crm')
  await field('from').fill('crm@example.ru')
  await field('password').fill('чужой')
  await save()
  await expect(page.locator('.toast').filter({ hasText: text('settings.mail.saved') })).toBeVisible()
  await expect(field('password')).toHaveValue('')
  await expect(page.getByText(text('settings.mail.no_letters'))).toBeVisible()

  await page.getByRole('button', { name: text('settings.mail.try') }).click()
  await expect(problem).toContainText('535', { timeout: 15_000 })
  await expect(page.getByRole('table')).toContainText(text('settings.mail.state.waiting'))
  await expectAccessible(page, 'почта: письма не уходят')

  await field('password').fill('секрет')
  await save()
  await expect.poll(() => box.letters.length, { timeout: 15_000 }).toBe(1)
  await expect(problem).toHaveCount(0)
  await expect(page.getByRole('table')).toContainText(text('settings.mail.state.sent'), { timeout: 15_000 })

  const remove = page.getByRole('button', { name: text('settings.mail.password_remove') })
  await remove.click()
  await expect(remove).toHaveCount(0)
  await page.reload()
  await expect(field('host')).toHaveValue('127.0.0.1')
  await expect(field('user')).toHaveValue('crm')
  await expect(remove).toHaveCount(0)
  box.server.close()
})
