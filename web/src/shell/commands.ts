// Commands that work on every screen.
import Plus from '@lucide/svelte/icons/plus'
import Keyboard from '@lucide/svelte/icons/keyboard'
import LogOut from '@lucide/svelte/icons/log-out'
import SettingsIcon from '@lucide/svelte/icons/settings'
import Search from '@lucide/svelte/icons/search'
import Sun from '@lucide/svelte/icons/sun-moon'
import Undo from '@lucide/svelte/icons/undo-2'
import type { Command } from '../lib/commands.svelte'
import { creation, type Created } from '../lib/creation.svelte'
import { router } from '../lib/router.svelte'
import { session } from '../lib/session.svelte'
import { settings, type Theme } from '../lib/settings.svelte'
import { undo } from '../lib/undo.svelte'
import { further, navigation } from './navigation'

export function appCommands(show: (what: 'palette' | 'help') => Promise<void>): Command[] {
  const theme = (to: Theme): Command => ({
    id: `theme.${to}`,
    title: `theme.${to}`,
    section: 'section.looks',
    icon: Sun,
    when: () => settings.theme !== to,
    run: () => settings.setTheme(to),
  })
  const make = (object: Created): Command => ({
    id: `create.${object}`,
    title: `create.${object}`,
    section: 'section.create',
    icon: Plus,
    when: () => session.canWrite,
    run: () => creation.open(object),
  })
  return [
    {
      id: 'palette',
      title: 'palette.title',
      section: 'section.everywhere',
      icon: Search,
      keys: ['Mod+KeyK'],
      inFields: true,
      keyOnly: true,
      run: () => void show('palette'),
    },
    ...navigation.map((place): Command => ({
      id: `go${place.path}`,
      title: place.command,
      section: 'section.go',
      icon: place.icon,
      keys: [place.keys],
      run: () => router.go(place.path),
    })),
    ...further.map((place): Command => ({
      id: `go${place.path}`,
      title: place.command,
      section: 'section.go',
      keys: [place.keys],
      run: () => router.go(place.path),
    })),
    {
      id: 'go/settings',
      title: 'nav.to_settings',
      section: 'section.go',
      icon: SettingsIcon,
      keys: ['KeyG KeyS'],
      run: () => router.go('/settings'),
    },
    {
      id: 'undo',
      title: 'app.undo_last',
      section: 'section.everywhere',
      icon: Undo,
      keys: ['Mod+KeyZ'],
      when: () => undo.possible,
      run: () => void undo.back(),
    },
    {
      id: 'help',
      title: 'help.title',
      section: 'section.everywhere',
      icon: Keyboard,
      keys: ['Shift+Slash'],
      run: () => void show('help'),
    },
    make('deal'),
    make('contact'),
    make('company'),
    make('task'),
    theme('system'),
    theme('light'),
    theme('dark'),
    {
      id: 'sign-out',
      title: 'app.sign_out',
      section: 'section.everywhere',
      icon: LogOut,
      run: () => void session.signOut(),
    },
  ]
}
