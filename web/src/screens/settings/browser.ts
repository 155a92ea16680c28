// What a browser calls itself, as people know it: "Chrome · Windows". Good enough to tell one's own devices apart.
const browsers: [RegExp, string][] = [
  [/YaBrowser\//, 'Яндекс Браузер'],
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\/|Opera/, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/curl\//, 'curl'],
]
const systems: [RegExp, string][] = [
  [/Windows/, 'Windows'],
  [/Android/, 'Android'],
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux|X11/, 'Linux'],
]
export function browserOf(agent: string | null): string {
  if (!agent) return ''
  const of = (known: [RegExp, string][]) => known.find(([sign]) => sign.test(agent))?.[1]
  return [of(browsers), of(systems)].filter(Boolean).join(' · ') || agent.slice(0, 60)
}
