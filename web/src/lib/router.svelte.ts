// History API router. The URL is the state: path, and query for filters and open panels.
export interface Route<Screen> {
  path: string // "/board/:funnel?" - a trailing ? makes the last part optional
  screen: Screen
}
export type RouteParams = Record<string, string>

export function match<S>(
  routes: readonly Route<S>[],
  path: string,
): { route: Route<S>; params: RouteParams } | null {
  const parts = path.split('/').filter(Boolean)
  for (const route of routes) {
    const wanted = route.path.split('/').filter(Boolean)
    const params: RouteParams = {}
    if (parts.length > wanted.length) continue
    const fits = wanted.every((want, i) => {
      const part = parts[i]
      if (!want.startsWith(':')) return want === part
      if (part === undefined) return want.endsWith('?')
      params[want.slice(1).replace('?', '')] = decodeURIComponent(part)
      return true
    })
    if (fits) return { route, params }
  }
  return null
}

class Router {
  path = $state(location.pathname)
  query = $state.raw(new URLSearchParams(location.search))

  start(): () => void {
    const pop = () => this.#read()
    const click = (e: MouseEvent) => this.#click(e)
    addEventListener('popstate', pop)
    document.addEventListener('click', click)
    return () => {
      removeEventListener('popstate', pop)
      document.removeEventListener('click', click)
    }
  }
  go(url: string, how: { replace?: boolean } = {}): void {
    if (how.replace) history.replaceState(null, '', url)
    else if (url !== location.pathname + location.search) history.pushState(null, '', url)
    this.#read()
  }
  /** Changes single parameters of the query; null removes one. */
  set(changes: Record<string, string | null>, how: { replace?: boolean } = { replace: true }): void {
    const query = new URLSearchParams(location.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') query.delete(name)
      else query.set(name, value)
    }
    const text = query.toString()
    this.go(location.pathname + (text ? `?${text}` : ''), how)
  }
  #read(): void {
    if (this.path !== location.pathname) this.path = location.pathname
    if (this.query.toString() !== new URLSearchParams(location.search).toString())
      this.query = new URLSearchParams(location.search)
  }
  #click(e: MouseEvent): void {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
    const link = (e.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return
    e.preventDefault()
    this.go(link.pathname + link.search)
  }
}
export const router = new Router()
