// Something that the server does in the background: waited for, then told with a way back.
import { t } from '../../lib/i18n.svelte'
import { operations, type Operation } from '../../lib/operations.svelte'
import { toasts } from '../../lib/toasts.svelte'
import { failure } from '../../lib/undo.svelte'

/** Waits for the end, says what was done and offers to take it back as a whole. */
export async function carriedOut(operation: Operation, said: string, after: () => void): Promise<void> {
  const over = await operations.follow(operation)
  after()
  if (over.state !== 'done') {
    toasts.error(t('settings.operation_failed'))
    return
  }
  const run = () =>
    void operations
      .undo(over.id)
      .then(() => {
        toasts.show(t('app.undone'))
        after()
      })
      .catch((e: unknown) => toasts.error(failure(e)))
  toasts.show(said, { action: { label: t('app.undo'), run } })
}
