// Screens that most people open seldom: what they are made of is told when one of them is opened.
export const seldom = {
  duplicates: () => import('./screens/duplicates/DuplicatesScreen.svelte'),
  product: () => import('./screens/product/ProductScreen.svelte'),
  subscriptions: () => import('./screens/reports/Subscriptions.svelte'),
  invite: () => import('./screens/signin/Invite.svelte'),
  imports: () => import('./screens/import/ImportScreen.svelte'),
  start: () => import('./screens/start/Start.svelte'),
  automation: () => import('./screens/automation/Automation.svelte'),
  designer: () => import('./screens/designer/Designer.svelte'),
  manual: () => import('./screens/manual/Manual.svelte'),
  health: () => import('./screens/health/Health.svelte'),
  reviews: () => import('./screens/reviews/Reviews.svelte'),
  settings: () => import('./screens/settings/Settings.svelte'),
}
export type Seldom = keyof typeof seldom
