import '../css/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { match } from './lib/router.svelte'
import { settings } from './lib/settings.svelte'
import { routes } from './routes'

settings.apply()
// The screen comes while the texts do: one step less in the chain of the first load.
match(routes, location.pathname)
  ?.route.screen.load()
  .catch(() => {})
mount(App, { target: document.getElementById('app')! })
