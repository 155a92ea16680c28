// The board as its user sees it.
import { expect, type Funnel, type Locator, type Page, type Stage } from './harness'

export class Board {
  constructor(
    readonly page: Page,
    readonly funnel: Funnel,
  ) {}
  async open(query = ''): Promise<this> {
    await this.page.goto(`/board/${this.funnel.id}${query}`)
    await this.ready()
    return this
  }
  async ready(): Promise<void> {
    await expect(this.page.locator('.columns, .one, .empty').first()).toBeVisible()
  }
  column(stage: Stage): Locator {
    return this.page.getByRole('region', { name: stage.name, exact: true })
  }
  /** The titles of a column from its top. */
  async titles(stage: Stage): Promise<string[]> {
    const cards = this.column(stage).getByRole('listitem')
    const found = await cards.evaluateAll((list) =>
      list
        .map((li) => ({ at: Number(li.ariaPosInSet), title: li.querySelector('.title')?.textContent ?? '' }))
        .sort((a, b) => a.at - b.at),
    )
    return found.map((c) => c.title)
  }
  card(title: string): Locator {
    return this.page.locator('[data-card]').filter({ has: this.page.getByText(title, { exact: true }) })
  }
  in(stage: Stage, title: string): Locator {
    return this.column(stage)
      .locator('[data-card]')
      .filter({ has: this.page.getByText(title, { exact: true }) })
  }
  /** With the mouse: press, carry in steps, let go. */
  async drag(card: Locator, target: Locator): Promise<void> {
    const { mouse } = this.page
    await card.hover()
    await mouse.down()
    const from = (await card.boundingBox())!
    await mouse.move(from.x + from.width / 2 + 12, from.y + from.height / 2 + 8, { steps: 3 })
    await expect(target).toBeVisible() // the places for won and lost appear while something is carried
    const to = (await target.boundingBox())!
    await mouse.move(to.x + to.width / 2, to.y + Math.min(to.height / 2, 120), { steps: 6 })
    await mouse.move(to.x + to.width / 2 + 2, to.y + Math.min(to.height / 2, 120) + 2)
    await mouse.up()
  }
  toast(words: string): Locator {
    return this.page
      .getByRole('region', { name: /^(Сообщения|Messages)$/ })
      .locator('.toast')
      .filter({ hasText: words })
  }
}
