// The table of a list as a person sees it.
import { expect, text, type Locator, type Page } from './harness'

export class ListPage {
  readonly grid: Locator
  constructor(
    readonly page: Page,
    readonly path: string,
    readonly locale: 'ru' | 'en' = 'ru',
  ) {
    this.grid = page.getByRole('grid')
  }
  say(key: string, params: Record<string, string | number> = {}): string {
    return text(key, params, this.locale)
  }
  async open(query: Record<string, string> = {}): Promise<this> {
    const search = new URLSearchParams(query).toString()
    await this.page.goto(this.path + (search ? `?${search}` : ''))
    await expect(this.page.locator('[data-list], .empty').first()).toBeVisible()
    await this.settled()
    return this
  }
  /** Everything in sight has come. */
  async settled(): Promise<void> {
    await expect(this.page.locator('[data-list] .skeleton')).toHaveCount(0)
  }
  rows(): Locator {
    return this.grid.locator('[data-row]')
  }
  row(id: number): Locator {
    return this.grid.locator(`[data-row="${id}"]`)
  }
  head(label: string): Locator {
    return this.grid.getByRole('columnheader').filter({ hasText: label })
  }
  async titles(): Promise<string[]> {
    return this.rows().locator('.name').allTextContents()
  }
  bulk(): Locator {
    return this.page.getByRole('region', { name: this.say('bulk.bar') })
  }
  toast(part: string): Locator {
    return this.page.locator('.toasts').getByText(part)
  }
}
