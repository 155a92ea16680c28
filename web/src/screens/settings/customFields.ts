// What is asked about a field of one's own.
import { t } from '../../lib/i18n.svelte'
import type { FormField } from './form'
import { label, options } from './names.svelte'
import type { Row } from './records.svelte'

export const ownObjects = ['deal', 'contact', 'company', 'task'] as const
export type OwnObject = (typeof ownObjects)[number]
const types = [
  ...['text', 'long', 'number', 'money', 'date', 'time', 'bool', 'one_of', 'several_of'],
  ...['url', 'phone', 'email', 'user', 'file'],
]
export const hasOptions = (field: Row): boolean => field.type === 'one_of' || field.type === 'several_of'

export function customFields(): FormField[] {
  return [
    { name: 'label', kind: 'text', label: label('custom-field', 'label'), required: true, most: 120 },
    {
      ...{ name: 'type', kind: 'choice', label: label('custom-field', 'type'), required: true, once: true },
      choices: options('custom-field', 'type', types),
      hint: t('settings.fields.type_hint'),
    },
    {
      name: 'help',
      kind: 'text',
      label: label('custom-field', 'help'),
      hint: t('settings.fields.help_hint'),
      most: 500,
    },
    {
      ...{ name: 'required', kind: 'bool', label: label('custom-field', 'required') },
      hint: t('settings.fields.required_hint'),
    },
  ]
}
