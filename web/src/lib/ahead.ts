// Who types on while a form is still on its way types into it: not into the page behind, where letters are shortcuts.
let typed: string | null = null // null: no form is awaited
let patience: ReturnType<typeof setTimeout> | undefined
const LONGEST = 10_000

function keep(e: KeyboardEvent): void {
  if (e.key === 'Escape') return void leave()
  const one = !e.key[1]
  if (e.ctrlKey || e.metaKey || !(one || e.key === 'Enter' || e.key === 'Backspace')) return
  if (e.key === 'Backspace') typed = typed!.slice(0, -1)
  else typed += one ? e.key : '\n'
  e.preventDefault()
  e.stopImmediatePropagation()
}
function leave(): string {
  const kept = typed ?? ''
  typed = null
  clearTimeout(patience)
  removeEventListener('keydown', keep, true)
  removeEventListener('pointerdown', leave, true)
  return kept
}
/** Keeps what is typed from now on until the form takes it; a click beside it or Escape gives the keys free. */
export async function awaited<M>(form: Promise<M>): Promise<M> {
  leave()
  typed = ''
  patience = setTimeout(leave, LONGEST)
  addEventListener('keydown', keep, true)
  addEventListener('pointerdown', leave, true)
  try {
    return await form
  } catch (e) {
    leave()
    throw e
  }
}
/** What was typed meanwhile; a line break is Enter. */
export const typedAhead = leave

/** The form is there: its field has the focus, and in it what was typed meanwhile. */
export function typeInto(field: HTMLElement): void {
  field.focus()
  const [words = '', ...entered] = leave().split('\n')
  if (words && (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) {
    field.value += words
    field.dispatchEvent(new InputEvent('input', { bubbles: true, data: words }))
  }
  if (entered.length > 0)
    field.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true }),
    )
}
