// What a row of a task needs around it: a card, or the screen of all tasks.
import type { Answer } from '../lib/api'
import type { Finished } from './finish.svelte'
import type { Task } from '../lib/types'

export interface TaskHost {
  tasks: {
    change(task: Task, body: Partial<Task>): Promise<Answer<Task>>
    remove(task: Task): Promise<Answer<null>>
  }
  /** Runs a write; says what was done, or why not (null: it was given up). True when it went through. */
  run(work: Promise<Pick<Answer<unknown>, 'change'> | null>, said: string | null): Promise<boolean>
  /** A task is done, with all that went along with it. */
  finished(task: Task, answer: Answer<Finished>, said: string): void
}
