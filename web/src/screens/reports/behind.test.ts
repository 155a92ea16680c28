import { expect, test } from 'vitest'
import { listOf, nameOf, pageOfItem } from './behind'

test('what stands behind a number leads to its card, a task to the card of its deal', () => {
  expect(pageOfItem('companies', { id: 7, name: 'Север', created_at: 0 })).toBe('/companies/7')
  expect(pageOfItem('tasks', { id: 3, title: 'Позвонить', deal_id: 5, created_at: 0 })).toBe('/deals/5')
  expect(pageOfItem('notes', { id: 3, text: 'Думает', contact_id: 9, created_at: 0 })).toBe('/contacts/9')
  expect(pageOfItem('reviews', { id: 3, created_at: 0 })).toBeNull()
  expect(nameOf({ id: 3, text: 'Думает', created_at: 0 })).toBe('Думает')
  expect([listOf('tasks'), listOf('notes')]).toEqual(['/tasks/list', undefined])
})
