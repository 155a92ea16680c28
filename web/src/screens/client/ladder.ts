// The sales ladder as a picture: where each climb, fall, win and loss stands.
export interface LadderPoint {
  at: number
  level: number
  stage_id?: number | null
  classifier_id?: number | null
  deal_id: number | null
  /** Points of one pass belong together: a deal, or the development of the client (0). */
  pass?: number
  kind: 'up' | 'down' | 'won' | 'lost'
}
export interface Ladder {
  points: LadderPoint[]
  levels: { level: number; name: string }[]
  total?: number
  thinned?: boolean
}
export interface Line {
  key: string
  /** Of a deal, or of the client's development. */
  deal: boolean
  path: string
}
export interface Frame {
  width: number
  height: number
  left: number
  top: number
}
const round = (n: number) => Math.round(n * 10) / 10
export function scales(points: readonly LadderPoint[], f: Frame) {
  const times = points.map((p) => p.at)
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const levels = points.map((p) => p.level)
  const top = Math.max(1, ...levels)
  const low = Math.min(0, ...levels)
  return {
    from,
    to,
    x: (at: number) =>
      round(to === from ? f.left + f.width / 2 : f.left + ((at - from) / (to - from)) * f.width),
    y: (level: number) => round(f.top + f.height - ((level - low) / (top - low)) * f.height),
  }
}
/** One line of steps for each pass: a level holds until the next climb or fall. */
export function linesOf(points: readonly LadderPoint[], f: Frame): Line[] {
  if (points.length === 0) return []
  const { x, y } = scales(points, f)
  const passes = new Map<string, LadderPoint[]>()
  for (const p of points) {
    const key = String(p.pass ?? p.deal_id ?? 0)
    passes.set(key, [...(passes.get(key) ?? []), p])
  }
  return [...passes].map(([key, list]) => {
    const [first, ...rest] = list as [LadderPoint, ...LadderPoint[]]
    const steps = rest.map((p) => `H${x(p.at)}V${y(p.level)}`).join('')
    return { key, deal: first.deal_id !== null, path: `M${x(first.at)} ${y(first.level)}${steps}` }
  })
}
