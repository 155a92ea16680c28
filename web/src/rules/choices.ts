// Records of a kind that can be chosen where a draft has its own; undefined: those of the server.
export type Choices = (object: string) => { id: number | string; label: string; hint?: string }[] | undefined
