import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { i18n, money, moneyShort, plural, t } from './i18n.svelte'

// Read as files: the build leaves the server's texts out.
const read = (locale: string) =>
  JSON.parse(readFileSync(`../i18n/${locale}.json`, 'utf8')) as Record<string, string>
const ru = read('ru')
const en = read('en')
const catalogues = { ru, en }
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()

describe('the texts', () => {
  it('exist in both languages', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(ru).sort())
  })
  it('are never empty', () => {
    for (const texts of Object.values(catalogues))
      for (const [key, text] of Object.entries(texts)) expect(text.trim(), key).not.toBe('')
  })
  it('take the same parameters in both languages', () => {
    for (const [key, text] of Object.entries(catalogues.ru)) {
      // A plural form may say the number in a word; the general form must agree.
      if (/\.(one|few|many)$/.test(key)) continue
      expect(names(catalogues.en[key] ?? ''), key).toEqual(names(text))
    }
  })
  it('have all the plural forms that Russian needs', () => {
    for (const key of Object.keys(ru)) {
      if (!key.endsWith('.other')) continue
      const stem = key.slice(0, -'.other'.length)
      for (const form of ['one', 'few', 'many'])
        expect(catalogues.ru, stem).toHaveProperty([`${stem}.${form}`])
    }
  })
  it('are not written into the components', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) =>
      f.endsWith('.svelte'),
    )
    expect(files.length).toBeGreaterThan(20)
    for (const file of files) {
      const markup = readFileSync(`src/${file}`, 'utf8').replace(
        /<script[\s\S]*?<\/script>|<style[\s\S]*<\/style>|<!--[\s\S]*?-->/g,
        '',
      )
      expect(markup.replace(/'ё'|'е'/g, ''), file).not.toMatch(/[а-яё]/i)
    }
  })
})

it('names of lists are there for the pages that lead to them', async () => {
  await i18n.use('ru')
  expect([t('list.touches'), t('list.deals')]).toEqual(['Касания', 'Сделки'])
})

describe('numbers in texts', () => {
  it('choose the Russian form', async () => {
    await i18n.use('ru')
    await i18n.with('board')
    expect([1, 2, 5, 21].map((n) => plural('board.deals', n))).toEqual([
      '1 сделка',
      '2 сделки',
      '5 сделок',
      '21 сделка',
    ])
    expect(t('board.moved', { stage: 'КП' })).toBe('Сделка перенесена: КП')
  })
  it('show money without empty kopecks', async () => {
    await i18n.use('ru')
    expect(money(43_900_000, 'RUB').replace(/\s/g, ' ')).toBe('439 000 ₽')
    expect(money(1_250_050, 'RUB').replace(/\s/g, ' ')).toBe('12 500,50 ₽')
    expect(money(500, 'JPY').replace(/\s/g, ' ')).toBe('500 ¥')
  })
  it('name a currency by its code when fonts lack its sign', async () => {
    await i18n.use('ru')
    expect(money(12_500_00, 'KGS').replace(/\s/g, ' ')).toBe('12 500 KGS')
    expect(moneyShort(2_300_000_00, 'KGS').replace(/\s/g, ' ')).toBe('2,3 млн KGS')
    await i18n.use('en')
    expect(money(12_500_00, 'KGS').replace(/\s/g, ' ')).toBe('KGS 12,500')
    expect(moneyShort(2_300_000_00, 'RUB')).toContain('₽')
  })
})
