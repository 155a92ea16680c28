// Colours of the series: told apart in light, in dark and by people who see few colours; lines differ in their dashes too.
export const tones = [
  'var(--accent)',
  'light-dark(oklch(0.55 0.13 155), oklch(0.78 0.14 155))',
  'light-dark(oklch(0.62 0.15 55), oklch(0.8 0.13 65))',
  'light-dark(oklch(0.52 0.18 340), oklch(0.76 0.14 340))',
  'light-dark(oklch(0.55 0.1 220), oklch(0.8 0.1 220))',
  'light-dark(oklch(0.5 0.09 105), oklch(0.84 0.13 105))',
  'light-dark(oklch(0.42 0.08 285), oklch(0.7 0.09 285))',
  'light-dark(oklch(0.65 0.02 260), oklch(0.6 0.02 260))',
] as const
export const tone = (i: number): string => tones[i % tones.length]!
export const dashes = ['none', '6 3', '2 3', '9 3 2 3', '12 4', '4 2 1 2'] as const
export const dash = (i: number): string => dashes[i % dashes.length]!
