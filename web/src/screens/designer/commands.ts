// Keys of the designer. Undo of a draft is its own: nothing has been published yet.
import Redo from '@lucide/svelte/icons/redo-2'
import Undo from '@lucide/svelte/icons/undo-2'
import type { Command } from '../../lib/commands.svelte'
import type { Design } from './design.svelte'

export function designCommands(of: () => Design): Command[] {
  const shared = { section: 'section.designer' } as const
  return [
    {
      ...{ ...shared, id: 'design.undo', title: 'designer.undo', icon: Undo, keys: ['Mod+KeyZ'] },
      when: () => of().mayUndo,
      run: () => of().undo(),
    },
    {
      ...{ ...shared, id: 'design.redo', title: 'designer.redo', icon: Redo, keys: ['Mod+Shift+KeyZ'] },
      when: () => of().mayRedo,
      run: () => of().redo(),
    },
  ]
}
