import { expect, test } from 'vitest'
import { askedAt, meant, pieces } from './mention'

const people = ['Анна', 'Анна Кравцова', 'Пётр Ёлкин', 'Кира'].map((name, id) => ({ id, name }))

test('an @ that begins a word asks whom one means', () => {
  expect(askedAt('смотри @Ан', 10)).toEqual({ from: 7, query: 'Ан' })
  expect(askedAt('@', 1)).toEqual({ from: 0, query: '' })
  expect(askedAt('@Анна Кра', 9)).toEqual({ from: 0, query: 'Анна Кра' })
  expect(askedAt('почта a@b', 9)).toBeNull()
  expect(askedAt('@Анна, смотри', 13)).toBeNull()
  expect(askedAt('без знака', 4)).toBeNull()
  expect(askedAt('@ привет', 8)).toBeNull()
})
test('people are found by any word of their name, with е for ё', () => {
  const names = (q: string) => meant(people, q).map((p) => p.name)
  expect(names('к')).toEqual(['Кира', 'Анна Кравцова'])
  expect(names('елк')).toEqual(['Пётр Ёлкин'])
  expect(names('анна к')).toEqual(['Анна Кравцова'])
  expect(names('')).toHaveLength(4)
})
test('who is named stands out, of names that begin alike the longest', () => {
  const named = (text: string) =>
    pieces(text, people)
      .filter((p) => p.named)
      .map((p) => p.text)
  expect(named('@анна кравцова и @петр елкин, @Анна; a@Кира @Кирал')).toEqual([
    '@анна кравцова',
    '@петр елкин',
    '@Анна',
  ])
  expect(
    pieces('@Кира да', people)
      .map((p) => p.text)
      .join(''),
  ).toBe('@Кира да')
  expect(pieces('просто', people)).toEqual([{ text: 'просто', from: 0, named: false }])
})
