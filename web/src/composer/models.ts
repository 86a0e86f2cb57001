import type { ModelInfo } from '../api/types'

/** What a model is called: one that the list does not know, by its id. */
export const nameOf = (id: string | null, models: readonly ModelInfo[]) =>
  models.find((model) => model.id === id)?.name ?? id

/** Those with all the words in their name, id or provider. */
export function matching(models: readonly ModelInfo[], typed: string): ModelInfo[] {
  const words = typed.toLowerCase().split(/\s+/)
  return models.filter(({ id, name, provider }) => {
    const text = `${name} ${id} ${provider}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** By provider, in the order in which they come; one that nobody is known to have comes
 * without. */
export function groups(models: readonly ModelInfo[]) {
  const found = new Map<string, ModelInfo[]>()
  for (const model of models) {
    const group = found.get(model.provider)
    if (group) group.push(model)
    else found.set(model.provider, [model])
  }
  return [...found].map(([provider, models]) => ({ provider, models }))
}
