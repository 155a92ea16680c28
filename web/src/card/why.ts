// The chain behind an automatic change, as one reads it from the top: first what a person did.
export interface Link {
  text: string
}
interface Raw {
  text?: string
  name?: string
}
export function stepsOf(chain: readonly unknown[]): Link[] {
  return chain.flatMap((raw) => {
    const { text, name } = (raw ?? {}) as Raw
    return text || name ? [{ text: text ?? name! }] : []
  })
}
