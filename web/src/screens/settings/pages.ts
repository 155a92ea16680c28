// Every page of the settings in one table: where it stands in the tree, who sees it, by what words it is found, what it
// is made of. A page appears when its row is here.
import type { Component } from 'svelte'
import { t, type Key } from '../../lib/i18n.svelte'
import { schema } from '../../lib/schema.svelte'
import { session } from '../../lib/session.svelte'
import type { Findable } from './find'

export interface PageProps {
  page: Page
  id: number | null
}
export interface Page {
  id: string
  section: 'account' | 'sales' | 'objects' | 'people' | 'company'
  /** May this user change (and so see) it? */
  may: () => boolean
  load?: () => Promise<{ default: Component<PageProps> }>
  /** It has a place of its own. */
  href?: string
  /** Single settings that stand on it: texts "settings.<page>.at.<name>". */
  parts?: readonly string[]
}
const everybody = () => true
/** What the role allows comes with the schema; until it is here, what its base says. */
const can = (what: string, otherwise: boolean) => (schema.ready ? schema.can.has(what) : otherwise)
export const mayRoles = () => session.user.role === 'admin'
/** Funnels, fields, dictionaries. */
export const maySettings = () =>
  can('settings', session.user.role === 'admin' || session.user.role === 'head')
export const mayAutomation = () =>
  can('automation', session.user.role === 'admin' || session.user.role === 'head')
export const mayUsers = () => can('users', session.user.role === 'admin')

const dictionary = () => import('./DictionaryPage.svelte')
const dictionaries = [
  ...['loss-reasons', 'sources', 'campaigns', 'tags', 'products', 'deal-classes', 'competitors', 'waits'],
  ...['kpis', 'programmes'],
] as const
export const pages: readonly Page[] = [
  {
    ...{ id: 'funnels', section: 'sales', may: maySettings, load: () => import('./FunnelsPage.svelte') },
    parts: ['stages', 'ready', 'norm'],
  },
  { id: 'automation', section: 'sales', may: mayAutomation, href: '/automation' },
  ...dictionaries.map((id): Page => ({ id, section: 'sales', may: maySettings, load: dictionary })),
  { id: 'ad-costs', section: 'sales', may: maySettings, load: () => import('./AdCostsPage.svelte') },
  {
    ...{ id: 'classifiers', section: 'sales', may: maySettings },
    load: () => import('./ClassifiersPage.svelte'),
    parts: ['loyalty', 'importance', 'depth'],
  },
  {
    ...{ id: 'fields', section: 'objects', may: maySettings, load: () => import('./FieldsPage.svelte') },
    parts: ['options', 'required'],
  },
  { id: 'layouts', section: 'objects', may: maySettings, load: () => import('./LayoutsPage.svelte') },
  { id: 'views', section: 'objects', may: everybody, load: () => import('./ViewsPage.svelte') },
  {
    ...{ id: 'users', section: 'people', may: mayUsers, load: () => import('./UsersPage.svelte') },
    parts: ['leave', 'reset', 'totp'],
  },
  { id: 'teams', section: 'people', may: mayUsers, load: () => import('./TeamsPage.svelte') },
  {
    ...{ id: 'roles', section: 'people', may: mayRoles, load: () => import('./RolesPage.svelte') },
    parts: ['fields', 'places', 'export'],
  },
  {
    ...{ id: 'company', section: 'company', may: maySettings, load: () => import('./CompanyPage.svelte') },
    parts: ['logo', 'currency', 'zone'],
  },
  {
    ...{ id: 'calendar', section: 'company', may: maySettings, load: () => import('./CalendarPage.svelte') },
    parts: ['holidays'],
  },
  { id: 'currency-rates', section: 'company', may: maySettings, load: dictionary },
  { id: 'operations', section: 'company', may: everybody, load: () => import('./OperationsPage.svelte') },
  { id: 'mail', section: 'company', may: mayRoles, load: () => import('./MailPage.svelte') },
  { id: 'webhooks', section: 'company', may: mayRoles, load: dictionary },
  {
    ...{ id: 'backup', section: 'company', may: mayRoles, load: () => import('./BackupPage.svelte') },
    parts: ['archive'],
  },
  { id: 'system', section: 'company', may: mayRoles, load: () => import('./SystemPage.svelte') },
  {
    ...{ id: 'profile', section: 'account', may: everybody, load: () => import('./ProfilePage.svelte') },
    parts: ['language', 'theme', 'letters'],
  },
  {
    ...{ id: 'security', section: 'account', may: everybody, load: () => import('./SecurityPage.svelte') },
    parts: ['factor', 'sessions'],
  },
  { id: 'tokens', section: 'account', may: everybody, load: () => import('./TokensPage.svelte') },
]
export const sections: readonly Page['section'][] = ['sales', 'objects', 'people', 'company', 'account']
export const mine = (): Page[] => pages.filter((p) => p.may())

export const titleOf = (page: Page): string => t(`settings.${page.id}.title` as Key)
export interface Entry extends Findable {
  page: Page
  /** Empty for the page itself. */
  part: string
}
/** Pages and the single settings on them, to be searched. */
export function entries(): Entry[] {
  return mine().flatMap((page): Entry[] => [
    { page, part: '', name: titleOf(page), synonyms: t(`settings.${page.id}.words` as Key) },
    ...(page.parts ?? []).map((part) => ({
      page,
      part,
      name: t(`settings.${page.id}.at.${part}` as Key),
      synonyms: titleOf(page),
    })),
  ])
}
