// What the keyboard can do in a list.
import Download from '@lucide/svelte/icons/download'
import Filter from '@lucide/svelte/icons/list-filter'
import Plus from '@lucide/svelte/icons/plus'
import type { Command } from '../../lib/commands.svelte'
import { schema } from '../../lib/schema.svelte'
import type { ListStore } from './list.svelte'

export function listCommands(list: ListStore, open: (id: number) => void): Command[] {
  const section = 'section.list'
  const inGrid = () => document.activeElement?.closest('[data-list]') != null
  const free = () =>
    inGrid() || document.activeElement === document.body || document.activeElement?.id === 'main'
  const onRow = () => free() && list.current !== undefined
  // Letters mean nothing to a button that has the focus; arrows, Space and Enter do. An open menu has its own.
  const apart = () => document.querySelector(':popover-open') === null
  const here = () => apart() && list.current !== undefined
  const step = (by: number) => {
    document.querySelector<HTMLElement>('[data-list]')?.focus({ preventScroll: true })
    list.row = Math.max(0, Math.min(list.length - 1, list.row + by))
    if (list.peeked !== null && list.current) list.peeked = list.current.id
  }
  const side = (by: number) => {
    const place = list.locate(list.row)
    // On the head of a group the arrows fold and unfold it.
    if (place?.row === -1) {
      if (place.section.open !== by > 0) list.toggleGroup(place.section)
      return
    }
    list.column = Math.max(0, Math.min(list.columns.length, list.column + by))
  }
  const page = () =>
    Math.max(1, Math.floor((document.querySelector('[data-list]')?.clientHeight ?? 400) / 36) - 3)
  const key = (
    id: string,
    title: Command['title'],
    keys: string[],
    run: () => void,
    when = free,
  ): Command => ({
    ...{ id: `list.${id}`, title, section, keys, run, when, keyOnly: true },
  })
  const field = () => list.columns[Math.max(0, list.column - 1)]
  return [
    {
      ...{ id: 'list.create', title: list.of.create, section, icon: Plus, keys: ['KeyC'] },
      when: () => schema.may(list.of.object, 'create'),
      run: () => list.create(),
    },
    {
      ...{ id: 'list.find', title: 'list.find', section, icon: Filter, keys: ['Slash'] },
      run: () => document.getElementById('list-find')?.focus(),
    },
    {
      ...{ id: 'list.filter', title: 'list.filter', section, icon: Filter, keys: ['KeyF'] },
      when: apart,
      run: () => (list.filtering = !list.filtering),
    },
    {
      ...{ id: 'list.export', title: 'list.export_xlsx', section, icon: Download },
      when: () => schema.may(list.of.object, 'export'),
      run: () => location.assign(list.exportUrl('xlsx')),
    },
    key('next', 'list.key_down', ['KeyJ'], () => step(1), apart),
    key('previous', 'list.key_up', ['KeyK'], () => step(-1), apart),
    key('down', 'list.key_down', ['ArrowDown'], () => step(1)),
    key('up', 'list.key_up', ['ArrowUp'], () => step(-1)),
    key('right', 'list.key_right', ['ArrowRight'], () => side(1)),
    key('left', 'list.key_left', ['ArrowLeft'], () => side(-1)),
    key('page-down', 'list.key_page_down', ['PageDown'], () => step(page())),
    key('page-up', 'list.key_page_up', ['PageUp'], () => step(-page())),
    key('first', 'list.key_first', ['Mod+Home', 'Home'], () => step(-list.length)),
    key('last', 'list.key_last', ['Mod+End', 'End'], () => step(list.length)),
    key('open', 'list.key_open', ['Enter'], () => {
      const place = list.locate(list.row)
      if (place?.row === -1) list.toggleGroup(place.section)
      else if (list.current) open(list.current.id)
    }),
    key(
      'peek',
      'board.peek',
      ['Space'],
      () => (list.peeked = list.peeked === null ? list.current!.id : null),
      onRow,
    ),
    key(
      'edit',
      'list.key_edit',
      ['KeyE', 'F2'],
      () => {
        const f = field()
        if (f && list.current && list.mayEdit(f)) list.editing = { id: list.current.id, field: f.name }
      },
      here,
    ),
    key('select', 'list.key_select', ['KeyX'], () => list.selection.toggle(list.row), here),
    key('range', 'list.key_range', ['Shift+KeyX'], () => void list.selection.range(list.row), here),
    key('all', 'list.key_all', ['Mod+KeyA'], () => list.selection.everything(), inGrid),
    key(
      'escape',
      'board.unselect',
      ['Escape'],
      () => {
        if (list.peeked !== null) list.peeked = null
        else list.selection.drop()
      },
      () => list.peeked !== null || list.selection.count > 0,
    ),
  ]
}
