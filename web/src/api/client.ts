/** The API, with the types that the server describes itself with. */
import createClient from 'openapi-fetch'
import { Refused, refusal, Unreachable } from './errors'
import type { paths } from './schema'

export const api = createClient<paths>({ baseUrl: location.origin })

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of a request that went well. Throws `Refused` or `Unreachable`. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  let found: Answer<T>
  try {
    found = await answer
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Unreachable()
  }
  if (found.error !== undefined || !found.response.ok) throw refusal(found.response, found.error)
  return found.data as T
}

/** The same, or null where there is no such thing. */
export async function found<T>(answer: Promise<Answer<T>>): Promise<T | null> {
  try {
    return await body(answer)
  } catch (error) {
    if (error instanceof Refused && error.code === 'not-found') return null
    throw error
  }
}
