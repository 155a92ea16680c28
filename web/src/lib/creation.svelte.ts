// A new contact, company, deal or task from anywhere: who wants one says so here, the shell shows the form.
export type Created = 'contact' | 'company' | 'deal' | 'task'
export interface Creating {
  object: Created
  /** Values that are known already. */
  values: Record<string, unknown>
  /** Called with what was made; without it the new card opens. */
  made?: (id: number) => void
}
class Creation {
  now = $state.raw<Creating | null>(null)

  open(object: Created, values: Record<string, unknown> = {}, made?: (id: number) => void): void {
    this.now = { object, values, made }
  }
  close(): void {
    this.now = null
  }
}
export const creation = new Creation()
