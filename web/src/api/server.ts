import { useQuery } from '@tanstack/react-query'
import { api, body } from './client'
import { keys } from './queries'
import type { ModelInfo, Server } from './types'

/** What this server can do; null until it has said so. */
export function useServer(): Server | null {
  const query = useQuery({ queryKey: keys.server, queryFn: () => body(api.GET('/api/server')) })
  return query.data ?? null
}

/** The models to choose from, the default one first; empty where the model's server does
 * not tell. */
export function useModels(): ModelInfo[] {
  const query = useQuery({
    queryKey: keys.models,
    queryFn: async () => (await body(api.GET('/api/models'))).models,
    staleTime: 60_000,
    retry: false,
  })
  return query.data ?? []
}
