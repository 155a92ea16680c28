// The first steps of a new installation: what is done is seen from the data, so the guide goes on where it was left,
// also in another browser; what was skipped is remembered here.
export const steps = ['funnels', 'company', 'people', 'import'] as const
export type Step = (typeof steps)[number]
export interface Facts {
  funnels: number
  company: string | null
  people: number
  records: number
}
export function doneSteps(facts: Facts): Set<Step> {
  const done = new Set<Step>()
  if (facts.funnels > 0) done.add('funnels')
  if (facts.company) done.add('company')
  if (facts.people > 1) done.add('people')
  if (facts.records > 0) done.add('import')
  return done
}
/** Where to go on: the first step that is neither done nor skipped, behind `after` when that is given; null: the end. */
export function nextStep(done: ReadonlySet<Step>, skipped: ReadonlySet<Step>, after?: Step): Step | null {
  const from = after ? steps.indexOf(after) + 1 : 0
  return steps.slice(from).find((s) => !done.has(s) && !skipped.has(s)) ?? null
}
export function readSkipped(kept: string | null): Set<Step> {
  const words = (kept ?? '').split(' ')
  return new Set(steps.filter((s) => words.includes(s)))
}
