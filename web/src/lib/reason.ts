/** Is it a reason, as the server sees it: three letters at least. */
export const saysWhy = (text: string): boolean => (text.match(/\p{L}/gu) ?? []).length >= 3
