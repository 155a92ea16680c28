// Days for which deals are put off most.
export const deferDays = [1, 3, 7, 14, 30, 90] as const

/** Ten in the morning, so many days later. */
export function onMorning(now: number, days: number): number {
  const d = new Date(now)
  return new Date(d.getFullYear(), d.getMonth(), d.getDate() + days, 10).getTime()
}
