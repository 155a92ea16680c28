// Time zones as people look for them: by city, those of the company's likely countries first, with the distance to UTC now.
const near = [
  ...[
    'Europe/Kaliningrad',
    'Europe/Moscow',
    'Europe/Samara',
    'Asia/Yekaterinburg',
    'Asia/Omsk',
    'Asia/Novosibirsk',
  ],
  ...[
    'Asia/Krasnoyarsk',
    'Asia/Irkutsk',
    'Asia/Yakutsk',
    'Asia/Vladivostok',
    'Asia/Magadan',
    'Asia/Kamchatka',
  ],
  ...[
    'Europe/Minsk',
    'Asia/Almaty',
    'Asia/Bishkek',
    'Asia/Tashkent',
    'Asia/Yerevan',
    'Asia/Tbilisi',
    'Asia/Baku',
  ],
]
export function zones(locale: string): { id: string; label: string; hint: string }[] {
  const all = Intl.supportedValuesOf('timeZone')
  return [...near, ...all.filter((z) => !near.includes(z))].map((id) => {
    const part = (name: 'shortOffset' | 'longGeneric') =>
      new Intl.DateTimeFormat(locale, { timeZone: id, timeZoneName: name })
        .formatToParts(0)
        .find((p) => p.type === 'timeZoneName')?.value ?? ''
    const named = near.includes(id) ? part('longGeneric') : ''
    return { id, label: named && !named.startsWith('GMT') ? `${named} (${id})` : id, hint: offset(id) }
  })
}
function offset(zone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(
    Date.now(),
  )
  return (parts.find((p) => p.type === 'timeZoneName')?.value ?? '').replace('GMT', 'UTC')
}
/** Where the company sits: the countries whose phone numbers the server can read (base/phone.c). */
const known = [
  ...['RU', 'KZ', 'BY', 'UA', 'AM', 'AZ', 'GE', 'KG', 'MD', 'TJ', 'TM', 'UZ'],
  ...['AE', 'AT', 'BG', 'CA', 'CH', 'CN', 'CY', 'CZ', 'DE', 'EE', 'ES', 'FI'],
  ...['FR', 'GB', 'IL', 'IN', 'IT', 'LT', 'LV', 'NL', 'PL', 'RS', 'SE', 'TR'],
  ...['US'],
]
export function countries(locale: string): { id: string; label: string }[] {
  const names = new Intl.DisplayNames(locale, { type: 'region' })
  return known.map((id) => ({ id, label: names.of(id) ?? id }))
}
