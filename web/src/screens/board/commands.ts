// What the keyboard can do on the board.
import ArrowUpDown from '@lucide/svelte/icons/arrow-up-down'
import CalendarClock from '@lucide/svelte/icons/calendar-clock'
import Check from '@lucide/svelte/icons/circle-check'
import Cross from '@lucide/svelte/icons/circle-x'
import Filter from '@lucide/svelte/icons/list-filter'
import Kanban from '@lucide/svelte/icons/square-kanban'
import Plus from '@lucide/svelte/icons/plus'
import type { Command } from '../../lib/commands.svelte'
import { t } from '../../lib/i18n.svelte'
import { router } from '../../lib/router.svelte'
import { session } from '../../lib/session.svelte'
import { settings } from '../../lib/settings.svelte'
import type { Board } from './board.svelte'
import { openDeal } from './open'

export function boardCommands(board: Board): Command[] {
  const section = 'section.board'
  const onCard = () => document.activeElement?.closest('[data-card]') != null
  const free = () =>
    onCard() || document.activeElement === document.body || document.activeElement?.id === 'main'
  const card = () => board.card(board.focused)
  const writable = () => session.canWrite && (card()?.id ?? 0) > 0
  const targets = () => {
    const id = board.focused!
    return board.selected.has(id) ? [...board.selected] : [id]
  }
  const want = (id: number | undefined) => {
    if (id === undefined) return
    board.wanted = { id }
    if (board.peeked !== null) board.peeked = id
  }
  function where(): { column: number; row: number } | null {
    const focused = card()
    if (!focused) return null
    const column = board.columns.findIndex((c) => c.stage.id === focused.stage)
    const row = board.columns[column]?.cards.findIndex((c) => c.id === focused.id) ?? -1
    return row < 0 ? null : { column, row }
  }
  function step(by: number): void {
    const at = where()
    if (!at) return want(board.columns.find((c) => c.cards.length > 0)?.cards[0]?.id)
    want(board.columns[at.column]!.cards[at.row + by]?.id)
  }
  function side(by: number): void {
    const at = where()
    if (!at) return step(1)
    for (let i = at.column + by; board.columns[i]; i += by) {
      const cards = board.columns[i]!.cards
      if (cards.length > 0) return want(cards[Math.min(at.row, cards.length - 1)]!.id)
    }
  }
  function carry(by: number): void {
    const at = where()
    const next = at && board.columns[at.column + by]
    if (!next) return
    const id = board.focused!
    board.move(targets(), next.stage)
    want(id)
  }
  function lift(by: number): void {
    const at = where()
    if (!at) return
    if (board.order !== 'rank') return board.say(t('board.order_by_hand_only'))
    const column = board.columns[at.column]!
    const row = at.row + by
    if (row < 0 || row >= column.cards.length) return
    const id = board.focused!
    board.move([id], column.stage, row)
    want(id)
    board.say(t('board.place', { n: row + 1, of: column.cards.length }))
  }
  function range(): void {
    const at = where()
    if (!at) return
    const cards = board.columns[at.column]!.cards
    const last = cards.findLastIndex((c, i) => i <= at.row && board.selected.has(c.id))
    const from = last < 0 ? 0 : last
    board.select([...board.selected, ...cards.slice(from, at.row + 1).map((c) => c.id)])
  }
  const key = (
    id: string,
    title: Command['title'],
    keys: string[],
    run: () => void,
    when = free,
  ): Command => ({
    ...{ id: `board.${id}`, title, section, keys, run, when, keyOnly: true },
  })
  const to = (outcome: 'won' | 'lost') => () => board.move(targets(), board[outcome][0]!)
  return [
    {
      ...{ id: 'board.create', title: 'board.create', section, icon: Plus, keys: ['KeyC'] },
      when: () => session.canWrite && board.columns.length > 0,
      run: () => (board.creatingIn = card()?.stage ?? board.columns[0]!.stage.id),
    },
    {
      ...{ id: 'board.filter', title: 'board.find', section, icon: Filter, keys: ['Slash'] },
      run: () => document.getElementById('board-filter')?.focus(),
    },
    {
      ...{ id: 'board.win', title: 'board.win', section, icon: Check },
      when: () => writable() && board.won.length > 0,
      run: to('won'),
    },
    {
      ...{ id: 'board.lose', title: 'board.lose', section, icon: Cross },
      when: () => writable() && board.lost.length > 0,
      run: to('lost'),
    },
    {
      ...{ id: 'board.defer', title: 'deal.defer', section, icon: CalendarClock },
      ...{ when: writable, run: () => (board.asking = { what: 'defer', ids: targets() }) },
    },
    {
      ...{ id: 'board.funnel', title: 'board.zone_funnel', section, icon: Kanban },
      when: () => writable() && session.funnels.length > 1,
      run: () => (board.asking = { what: 'funnel', ids: targets() }),
    },
    key('down', 'board.key_down', ['ArrowDown', 'KeyJ'], () => step(1)),
    key('up', 'board.key_up', ['ArrowUp', 'KeyK'], () => step(-1)),
    key('right', 'board.key_right', ['ArrowRight'], () => side(1)),
    key('left', 'board.key_left', ['ArrowLeft'], () => side(-1)),
    key('next-stage', 'board.key_next_stage', ['Alt+ArrowRight'], () => carry(1), writable),
    key('previous-stage', 'board.key_previous_stage', ['Alt+ArrowLeft'], () => carry(-1), writable),
    key('lift', 'board.key_lift', ['Alt+ArrowUp'], () => lift(-1), writable),
    key('lower', 'board.key_lower', ['Alt+ArrowDown'], () => lift(1), writable),
    key('open', 'board.open', ['Enter'], () => openDeal(board.focused), onCard),
    key(
      'peek',
      'board.peek',
      ['Space'],
      () => (board.peeked = board.peeked === null ? board.focused : null),
      onCard,
    ),
    key('select', 'board.select', ['KeyX'], () => board.toggle(board.focused!), onCard),
    key('range', 'board.select_range', ['Shift+KeyX'], range, onCard),
    key(
      'escape',
      'board.unselect',
      ['Escape'],
      () => {
        if (board.peeked !== null) board.peeked = null
        else board.select([])
      },
      () => board.peeked !== null || board.selected.size > 0,
    ),
    {
      ...{ id: 'board.density', title: 'density.switch', section: 'section.looks', icon: ArrowUpDown },
      run: () => settings.setDensity(settings.density === 'normal' ? 'compact' : 'normal'),
    },
    ...(session.funnels.length > 1
      ? [
          key('next-funnel', 'board.next_funnel', ['BracketRight'], () => {
            const at = session.funnels.findIndex((f) => f.id === board.funnel.id)
            router.go(`/board/${session.funnels[(at + 1) % session.funnels.length]!.id}`)
          }),
        ]
      : []),
  ]
}
