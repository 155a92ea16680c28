import { expect, it } from 'vitest'
import { chosenOf, lettersOf, usual } from './letters'

it('nothing chosen means the usual ones, none means none, and the usual ones are kept as nothing chosen', () => {
  expect(chosenOf(null)).toEqual(usual)
  expect(chosenOf('none')).toEqual([])
  expect(chosenOf('task, finding')).toEqual(['finding', 'task'])
  expect(lettersOf([])).toBe('none')
  expect(lettersOf(['mention', 'finding', 'review', 'assigned', 'answer'])).toBeNull()
  expect(lettersOf(['task', 'finding'])).toBe('finding,task')
})
