// Every screen in one table: its path, its lazy chunk, its title. A link to a screen appears only when it is in here.
import type { Component } from 'svelte'
import { i18n, type Key } from './lib/i18n.svelte'
import type { Route, RouteParams } from './lib/router.svelte'
import type { Role } from './lib/types'
import { card, ofClients, ofDeals, work } from './lib/work'
import type { Seldom } from './seldom'

export interface ScreenProps {
  params: RouteParams
}
export interface Screen {
  title: Key
  load: () => Promise<{ default: Component<ScreenProps> }>
  /** Stands alone and is shown to whoever has the address, signed in or not. */
  open?: boolean
}
/** Screens of which only their names are known until one is opened: those that most people open seldom. */
const seldom = async (name: Seldom) => (await import('./seldom')).seldom[name]()
const list = async () => (await Promise.all([import('./screens/list/List.svelte'), i18n.with('list')]))[0]
/** Screens of rules and funnels have texts of their own, and those of settings. */
const ruled =
  (load: Screen['load']): Screen['load'] =>
  async () =>
    (await Promise.all([work(load()), i18n.with('settings'), i18n.with('rules')]))[0]
const reported =
  (load: Screen['load']): Screen['load'] =>
  async () =>
    (await Promise.all([load(), i18n.with('report')]))[0]
/** What comes by itself, plans, KPI and pay. */
const insight = (load: Screen['load']): Screen['load'] =>
  reported(async () => (await Promise.all([load(), i18n.with('insight')]))[0])
export const routes: Route<Screen>[] = [
  {
    path: '/board/:funnel?',
    screen: {
      title: 'nav.deals',
      load: async () => (await Promise.all([import('./screens/board/Board.svelte'), i18n.with('board')]))[0],
    },
  },
  {
    path: '/day',
    screen: { title: 'nav.day', load: () => work(import('./screens/day/DayScreen.svelte')) },
  },
  { path: '/deals', screen: { title: 'list.deals', load: list } }, // the address one guesses
  { path: '/deals/list', screen: { title: 'list.deals', load: list } },
  { path: '/contacts', screen: { title: 'list.contacts', load: list } },
  { path: '/companies', screen: { title: 'list.companies', load: list } },
  { path: '/products', screen: { title: 'list.products', load: list } },
  { path: '/touches', screen: { title: 'list.touches', load: list } },
  { path: '/tasks/list', screen: { title: 'list.tasks', load: list } },
  {
    path: '/deals/:id',
    screen: { title: 'deal.page', load: () => ofDeals(import('./screens/deal/DealScreen.svelte')) },
  },
  {
    path: '/duplicates',
    screen: {
      title: 'duplicates.title',
      load: () => ofClients(seldom('duplicates')),
    },
  },
  {
    path: '/products/:id',
    screen: {
      title: 'product.page',
      load: () => ofClients(seldom('product')),
    },
  },
  {
    path: '/contacts/:id',
    screen: {
      title: 'client.contact',
      load: () => card(ofClients(import('./screens/client/ContactScreen.svelte'))),
    },
  },
  {
    path: '/companies/:id',
    screen: {
      title: 'client.company',
      load: () => card(ofClients(import('./screens/client/CompanyScreen.svelte'))),
    },
  },
  {
    path: '/tasks',
    screen: {
      title: 'nav.tasks',
      load: async () =>
        (await Promise.all([card(import('./screens/tasks/TasksScreen.svelte')), i18n.with('tasks')]))[0],
    },
  },
  {
    path: '/reports',
    screen: { title: 'nav.reports', load: reported(() => import('./screens/dashboards/Dashboards.svelte')) },
  },
  {
    path: '/reports/all',
    screen: { title: 'nav.reports', load: reported(() => import('./screens/reports/Gallery.svelte')) },
  },
  {
    path: '/reports/subscriptions',
    screen: {
      title: 'nav.subscriptions',
      load: reported(() => seldom('subscriptions')),
    },
  },
  {
    path: '/reports/:id',
    screen: { title: 'nav.reports', load: reported(() => import('./screens/reports/ReportPage.svelte')) },
  },
  {
    path: '/plans',
    screen: { title: 'nav.plans', load: insight(() => import('./screens/plans/PlansScreen.svelte')) },
  },
  {
    path: '/kpi',
    screen: { title: 'nav.kpi', load: insight(() => import('./screens/kpi/KpiScreen.svelte')) },
  },
  {
    path: '/pay',
    screen: { title: 'nav.pay', load: insight(() => import('./screens/pay/PayScreen.svelte')) },
  },
  {
    path: '/findings',
    screen: {
      title: 'nav.findings',
      load: insight(
        async () => (await Promise.all([import('./screens/findings/Findings.svelte'), i18n.with('over')]))[0],
      ),
    },
  },
  {
    path: '/invite/:token',
    screen: {
      ...{ title: 'invite.title', open: true },
      load: async () => (await Promise.all([seldom('invite'), i18n.with('signin')]))[0],
    },
  },
  {
    path: '/import',
    screen: {
      title: 'nav.import',
      load: async () => (await Promise.all([seldom('imports'), i18n.with('import'), i18n.with('list')]))[0],
    },
  },
  {
    path: '/start',
    screen: {
      title: 'start.title',
      load: async () => (await Promise.all([seldom('start'), i18n.with('settings'), i18n.with('signin')]))[0],
    },
  },
  {
    path: '/automation/:id?',
    screen: { title: 'nav.automation', load: ruled(() => seldom('automation')) },
  },
  {
    path: '/funnels/:id/design',
    screen: { title: 'nav.designer', load: ruled(() => seldom('designer')) },
  },
  {
    path: '/funnels/:id/manual',
    screen: { title: 'nav.manual', load: ruled(() => seldom('manual')) },
  },
  {
    path: '/health',
    screen: { title: 'nav.health', load: ruled(() => seldom('health')) },
  },
  {
    path: '/reviews/:id?',
    screen: {
      title: 'nav.reviews',
      load: async () => (await Promise.all([seldom('reviews'), i18n.with('rules')]))[0],
    },
  },
  {
    path: '/settings/:page?/:id?',
    screen: {
      title: 'nav.settings',
      load: async () =>
        (await Promise.all([work(seldom('settings')), i18n.with('settings'), i18n.with('signin')]))[0],
    },
  },
]
/** Where one begins: whoever has tasks with them, the others with the board. */
export const homeOf = (role: Role): string => (role === 'seller' || role === 'head' ? '/day' : '/board')
