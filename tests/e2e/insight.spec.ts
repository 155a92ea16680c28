// What people do with figures that come from outside or by themselves: costs, touches, chances, subscriptions. R102, R189,
// R212, R347, R386.
import { expectAccessibleLightAndDark } from './a11y'
import { sideways } from './fits'
import { expect, test, text, undo } from './harness'
import { phone, wide } from './look'
import type { Server } from './server'

const demoFunnel = async (server: Server, name = 'Курсы: Россия') =>
  (await server.admin.get<{ funnels: { id: number; name: string }[] }>('boot')).funnels.find(
    (f) => f.name === name,
  )!

test('Расходы на рекламу из таблицы: что вошло, какая строка плоха; история помнит и возвращает как было', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  const campaign = await server.admin.create<{ id: number; name: string }>('campaigns', {
    name: `Весна ${Date.now()}`,
  })
  const costs = () => server.admin.list<{ cost_minor: number }>('ad-costs', `campaign_id = ${campaign.id}`)
  await page.goto('/settings/ad-costs')
  await page.getByRole('button', { name: text('settings.ad-costs.import') }).click()
  const form = page.getByRole('dialog')
  await form.getByRole('button', { name: text('settings.ad-costs.send') }).click()
  await expect(form.getByRole('alert')).toHaveText(text('settings.ad-costs.choose'))
  await form.getByLabel(text('settings.ad-costs.file')).setInputFiles({
    ...{ name: 'costs.csv', mimeType: 'text/csv' },
    buffer: Buffer.from(
      `Дата;Кампания;Расход\n01.03.2025;${campaign.name};1 200,50\n02.03.2025;${campaign.name};99\nвчера;${campaign.name};5\n`,
    ),
  })
  await form.getByRole('button', { name: text('settings.ad-costs.send') }).click()
  await expect(form.getByRole('listitem')).toContainText('4')
  expect((await costs()).map((c) => c.cost_minor).sort()).toEqual([120050, 9900])
  await form
    .getByRole('button', { name: text('app.close') })
    .last()
    .click()

  await page.getByRole('button', { name: text('settings.history') }).click()
  const history = page.getByRole('dialog', { name: text('settings.history') })
  await expect(history).toContainText(text('settings.object.ad-cost'))
  await history
    .getByRole('button', { name: text('app.undo') })
    .first()
    .click()
  await expect.poll(async () => (await costs()).length).toBe(0)
})

test('Откуда пришёл клиент: касания на карточке сделки и контакта, списком — с фильтром по виду', async ({
  desk,
  server,
}) => {
  const { page, person } = await desk('head')
  const contact = await server.admin.create<{ id: number }>('contacts', {
    name: 'Пётр Звонков',
  })
  const funnel = await server.funnel({
    deals: [{ title: 'Пришёл с рекламы', contact_id: contact.id }],
    owner: person.user_id,
  })
  const deal = funnel.deals[0]!
  await server.admin.create('touches', {
    ...{ deal_id: deal.id, kind: 'utm', at: Date.now() - 86_400_000 },
    ...{ utm_source: 'yandex', utm_campaign: 'osen', utm_term: 'охрана труда' },
  })
  await server.admin.create('touches', {
    ...{
      deal_id: deal.id,
      kind: 'call',
      at: Date.now(),
      tracking_number: '+78005553535',
    },
  })
  for (const path of [`/deals/${deal.id}`, `/contacts/${contact.id}`]) {
    await page.goto(path)
    const touches = page.getByRole('region', { name: text('work.touches') })
    await expect(touches.getByRole('listitem')).toHaveCount(2)
    await expect(touches.getByRole('listitem').first()).toContainText('+78005553535')
    await expect(touches.getByRole('listitem').last()).toContainText('yandex / osen / охрана труда')
  }
  await page
    .getByRole('region', { name: text('work.touches') })
    .getByRole('link', { name: text('work.touches_all') })
    .click()
  await expect(page).toHaveURL(/\/touches\?filter=/)
  await expect(page.getByRole('gridcell', { name: '+78005553535' })).toBeVisible()
  await page.goto(`/touches?${new URLSearchParams({ filter: `kind = "utm" and deal_id = ${deal.id}` })}`)
  await expect(page.getByRole('gridcell', { name: 'osen' })).toBeVisible()
  await expect(page.getByRole('gridcell', { name: '+78005553535' })).toHaveCount(0)
  await expectAccessibleLightAndDark(page, '/touches')
})

test('Подписки на отчёты стоят списком: приостановлена, возвращена, снята — и снятое возвращается', async ({
  desk,
}) => {
  const { page, api } = await desk('head')
  await page.goto('/reports/subscriptions')
  await expect(page.getByText(text('report.page.no_subscriptions'))).toBeVisible()
  await api.create('subscriptions', {
    ...{
      name: 'Воронка к планёрке',
      report: 'funnel',
      params: {},
      every: 'week',
      day: 1,
      hour: 9,
    },
  })
  await page.goto('/reports/all')
  await page.locator('main a[href="/reports/subscriptions"]').click()
  const row = page.locator('main').getByRole('listitem').filter({ hasText: 'Воронка к планёрке' })
  await expect(row).toContainText(text('report.page.comes.week', { day: 'понедельник', hour: '09:00' }))
  const enabled = async () => (await api.list<{ enabled: boolean }>('subscriptions', 'id > 0'))[0]?.enabled
  await row.getByRole('button', { name: text('report.page.pause') }).click()
  await expect(row).toContainText(text('report.page.waits'))
  expect(await enabled()).toBe(false)
  await row.getByRole('button', { name: text('report.page.resume') }).click()
  await expect.poll(enabled).toBe(true)
  await page.setViewportSize(phone)
  expect(await sideways(page)).toBe(0)
  await expectAccessibleLightAndDark(page, '/reports/subscriptions')
  await page.setViewportSize(wide)
  await row
    .getByRole('button', {
      name: text('report.page.unsubscribe', { name: 'Воронка к планёрке' }),
    })
    .click()
  await expect(row).toHaveCount(0)
  await undo(page, text('report.page.unsubscribed'))
  await expect(row).toBeVisible()
})

test('Шанс сделки на карточке: за какой срок, в каких пределах, по опыту этой воронки', async ({
  desk,
  server,
}) => {
  const { page, person } = await desk('head')
  const { id } = await demoFunnel(server)
  const deal = await server.admin.create<{ id: number }>('deals', {
    ...{
      funnel_id: id,
      title: 'Обучение восьми инженеров',
      owner_id: person.user_id,
    },
  })
  const told = () =>
    server.admin.get<{
      won_rate: number | null
      low: number | null
      days: number
    }>(`deals/${deal.id}/chance`)
  await expect.poll(async () => (await told()).low).not.toBeNull()
  const { won_rate } = await told()
  await page.goto(`/deals/${deal.id}`)
  const chance = page.locator('section').filter({
    has: page.getByRole('heading', { name: text('chance.title') }),
  })
  // Each figure says what it is of; one that is of nothing is not there.
  const now = chance.getByRole('definition').filter({ hasText: text('chance.now_about', { n: 90 }) })
  await expect(now).toContainText(new RegExp(`^\\s*${Math.round(won_rate! * 100)}\\s%`))
  await expect(chance.getByRole('term').first()).toHaveText(text('chance.now'))
  const { score } = await server.admin.get<{ score: object | null }>(`deals/${deal.id}/chance`)
  await expect(chance.getByText(text('chance.score'), { exact: true })).toHaveCount(score ? 1 : 0)
  await expect(chance.getByText(text('chance.two'), { exact: true })).toHaveCount(score ? 1 : 0)
})

test('Расходы на рекламу: итоги по кампаниям и месяцам, за период и по каналу, валюты не складываются', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  const day = (back: number) => {
    const d = new Date(Date.now() - back * 86_400_000)
    return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
  }
  const source = await server.admin.create<{ id: number; name: string }>('sources', {
    name: `Афиши ${Date.now()}`,
  })
  const campaign = (name: string, more: object = {}) =>
    server.admin.create<{ id: number; name: string }>('campaigns', { name: `${name} ${Date.now()}`, ...more })
  const poster = await campaign('Щиты', { source_id: source.id })
  const mail = await campaign('Письма')
  const cost = (campaign_id: number, day_on: string, cost_minor: number, more: object = {}) =>
    server.admin.create('ad-costs', { campaign_id, day_on, cost_minor, ...more })
  await cost(poster.id, day(1), 1_000_000, { clicks: 30 })
  await cost(poster.id, day(2), 500_000, { clicks: 20 })
  await cost(poster.id, day(200), 700_000)
  await cost(mail.id, day(1), 12_300, { currency: 'USD' })

  await page.goto('/settings/ad-costs')
  const table = page.getByRole('table', { name: text('settings.ad-costs.title') })
  const row = (name: string | RegExp) =>
    table.getByRole('row').filter({ has: page.getByRole('button', { name, exact: true }) })
  await expect(row(poster.name)).toContainText(/15\s000\s₽/)
  await expect(row(poster.name)).toContainText(/300\s₽/) // a click
  await expect(row(mail.name)).toContainText(/123\s\$/)
  const total = table.getByRole('row').filter({ hasText: text('settings.ad-costs.total') })
  await expect(total).toContainText(/123\s\$/)

  // In a campaign its months, in a month its days.
  await row(poster.name).getByRole('button').click()
  const months = row(poster.name).locator('xpath=following-sibling::tr[1]')
  await months.getByRole('button').click()
  await expect(
    table.getByRole('button', { name: new RegExp(`^${text('settings.edit')}: `) }),
  ).not.toHaveCount(0)

  await page.getByLabel(text('settings.ad-costs.channel')).selectOption(String(source.id))
  await expect(row(mail.name)).toHaveCount(0)
  await expect(total).toContainText(/15\s000\s₽/)
  await page.getByLabel(text('settings.ad-costs.from'), { exact: true }).fill(day(250))
  await expect(total).toContainText(/22\s000\s₽/)
  await page.getByLabel(text('settings.ad-costs.by'), { exact: true }).selectOption('month')
  await expect(table.getByRole('columnheader').first()).toHaveText(text('settings.ad-costs.by_month'))
  await expect(row(poster.name)).toHaveCount(0)
  await expect(total).toContainText(/22\s000\s₽/)
})

test('Широкая таблица на телефоне говорит, что сбоку есть ещё; имена строк остаются на месте', async ({
  desk,
  server,
}) => {
  const { page } = await desk('head')
  const { id } = await demoFunnel(server)
  await page.setViewportSize(phone)
  await page.goto(`/reports/funnel?funnel_id=${id}`)
  const place = page
    .getByRole('group')
    .filter({ has: page.getByRole('table') })
    .first()
  await expect(place).toHaveAttribute('data-more', 'right')
  await expect(place).toHaveAttribute('tabindex', '0')
  const name = place.getByRole('rowheader').first()
  const at = (await name.boundingBox())!.x
  await place.evaluate((el) => (el.scrollLeft = el.scrollWidth))
  await expect(place).toHaveAttribute('data-more', 'left')
  expect((await name.boundingBox())!.x).toBe(at)
  // Where all fits there is nothing to say, and no stop on the way of the Tab key.
  await page.setViewportSize(wide)
  await expect(place).not.toHaveAttribute('data-more')
  await expect(place).not.toHaveAttribute('tabindex')
})

test('Галерея говорит вывод словами и знает, где что-то изменилось', async ({ desk, server }) => {
  await expect
    .poll(async () => (await server.admin.list('findings', 'id > 0')).length, {
      timeout: 40_000,
    })
    .toBeGreaterThan(0)
  const { page, api } = await desk('head')
  const { verdict } = await api.get<{ verdict: string | null }>('reports/loss_reasons')
  await page.goto('/reports/all')
  await page.locator('main a[href="/reports/loss_reasons"]').scrollIntoViewIfNeeded()
  await expect(page.locator('main a[href="/reports/loss_reasons"]')).toContainText(verdict!)
  await expect(page.locator('main a[href="/reports/breaks"] .sign')).toBeVisible()
})

test('На бумаге диаграмма целиком, а кнопок нет', async ({ desk, server }) => {
  const { page } = await desk('head')
  await page.goto(`/reports/funnel?funnel_id=${(await demoFunnel(server)).id}`)
  const picture = page.locator('main .frame svg').first()
  await expect(picture).toBeVisible()
  const before = (await picture.boundingBox())!.width
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')))
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 720, height: 1000 })
  const { x, width } = (await picture.boundingBox())!
  expect(x + width).toBeLessThanOrEqual(720)
  await expect(picture).toHaveAttribute('viewBox', /^0 0 [1-6]\d\d /)
  await expect(page.locator('.skip')).toBeHidden()
  await expect(page.getByRole('button', { name: text('report.page.file') })).toBeHidden()
  await page.setViewportSize(wide)
  await page.emulateMedia({ media: 'screen' })
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')))
  await expect.poll(async () => (await picture.boundingBox())!.width).toBeCloseTo(before, -1)
})
