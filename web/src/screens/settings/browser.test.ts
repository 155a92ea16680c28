import { describe, expect, it } from 'vitest'
import { browserOf } from './browser'

describe('where one is signed in', () => {
  it('reads as people call it', () => {
    const chrome =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36'
    expect(browserOf(chrome)).toBe('Chrome · Windows')
    expect(browserOf(`${chrome} YaBrowser/24.6`)).toBe('Яндекс Браузер · Windows')
    expect(
      browserOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1'),
    ).toBe('Safari · iPhone')
    expect(browserOf('my-script/1.0')).toBe('my-script/1.0')
    expect(browserOf(null)).toBe('')
  })
})
