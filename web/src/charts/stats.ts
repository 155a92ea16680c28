// What the reports say about their numbers.
export interface Step {
  stage_id: number
  stage: string
  outcome: 'open' | 'won' | 'lost'
  deals: number
  rate: number | null
  rate_low: number | null
  rate_high: number | null
  went_on: number | null
  went_on_rate: number | null
  went_on_low: number | null
  went_on_high: number | null
  median_days: number | null
}
export interface Transition {
  from: string
  to: string
  from_id: number
  to_id: number
  kind: 'forward' | 'skip' | 'back' | 'won' | 'lost' | 'reopened'
  deals: number
  moves: number
}
/** Fewer deals than this say nothing about a stage. */
export const ENOUGH = 30

/** The stage that loses most: its whole interval lies below what the other stages let through. */
export function bottleneck(list: readonly Step[]): number | null {
  const known = list.filter((s) => s.outcome === 'open' && s.deals >= ENOUGH && s.went_on_rate !== null)
  const worst = known.toSorted((a, b) => a.went_on_rate! - b.went_on_rate!)[0]
  if (!worst || known.length < 2) return null
  const others = known.filter((s) => s !== worst)
  const deals = others.reduce((n, s) => n + s.deals, 0)
  const usual = others.reduce((n, s) => n + (s.went_on ?? 0), 0) / deals
  return (worst.went_on_high ?? 1) < usual ? worst.stage_id : null
}
export interface MatrixCell {
  moves: number
  deals: number
  /** Of all moves out of the stage. */
  share: number
  kind: Transition['kind']
}
/** Moves by (from, to), with the share of each in what leaves its stage. */
export function matrix(transitions: readonly Transition[]): Map<string, MatrixCell> {
  const leaving = new Map<number, number>()
  for (const t of transitions) leaving.set(t.from_id, (leaving.get(t.from_id) ?? 0) + t.moves)
  return new Map(
    transitions.map(({ from_id, to_id, moves, deals, kind }) => [
      `${from_id} ${to_id}`,
      { moves, deals, kind, share: moves / (leaving.get(from_id) || 1) },
    ]),
  )
}
/** How strong a cell is coloured, 0..60 percent: the text over it stays readable. */
export function heat(share: number): number {
  return share <= 0 ? 0 : Math.round(6 + 54 * Math.sqrt(Math.min(1, share)))
}
