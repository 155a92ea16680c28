// The menu of a column: everything that the mouse does with headers.
import ArrowDown from '@lucide/svelte/icons/arrow-down'
import ArrowUp from '@lucide/svelte/icons/arrow-up'
import { t } from '../../lib/i18n.svelte'
import type { SchemaField } from '../../lib/schema.svelte'
import type { MenuItem } from '../../ui/Menu.svelte'
import type { ListStore } from './list.svelte'
import { moveColumn } from './state'
import type { Widths } from './widths.svelte'

export function columnItems(list: ListStore, widths: Widths, f: SchemaField): MenuItem[] {
  const { columns } = list.shown
  const shift = (by: number) => {
    const before =
      by < 0 ? columns[columns.indexOf(f.name) - 1] : (columns[columns.indexOf(f.name) + 2] ?? null)
    if (before !== undefined) list.change({ columns: moveColumn(columns, f.name, before) })
  }
  const at = columns.indexOf(f.name)
  const sorts: MenuItem[] =
    f.sort === false
      ? []
      : [
          {
            label: t('list.sort_up'),
            icon: ArrowUp,
            run: () => list.change({ sort: [{ field: f.name, down: false }] }),
          },
          {
            label: t('list.sort_down'),
            icon: ArrowDown,
            run: () => list.change({ sort: [{ field: f.name, down: true }] }),
          },
        ]
  const grouping: MenuItem[] = list.groupFields.includes(f)
    ? [
        {
          label: t('list.group_by_this'),
          checked: list.shown.group === f.name,
          divided: true,
          run: () => list.change({ group: list.shown.group === f.name ? null : f.name }),
        },
      ]
    : []
  return [
    ...sorts,
    ...grouping,
    { label: t('list.column_left'), divided: true, disabled: at < 2, run: () => shift(-1) },
    {
      label: t('list.column_right'),
      disabled: at === 0 || at === columns.length - 1,
      run: () => shift(1),
    },
    { label: t('list.wider'), run: () => widths.set(f, widths.of(f) + 40) },
    { label: t('list.narrower'), run: () => widths.set(f, widths.of(f) - 40) },
    {
      label: t('list.hide_column'),
      divided: true,
      disabled: f.name === list.of.main,
      run: () => list.change({ columns: columns.filter((c) => c !== f.name) }),
    },
  ]
}
