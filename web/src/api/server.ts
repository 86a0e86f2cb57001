import { useQuery } from '@tanstack/react-query'
import { api, body } from './client'
import { keys } from './queries'
import type { ModelInfo, Server } from './types'

/** What this server can do; null until it has said so. */
export function useServer(): Server | null {
  const query = useQuery({ queryKey: keys.server, queryFn: () => body(api.GET('/api/server')) })
  return query.data ?? null
}

/** The models to choose from, the default one first, or why they are not known. */
export function useModelList() {
  return useQuery({
    queryKey: keys.models,
    queryFn: async () => (await body(api.GET('/api/models'))).models,
    staleTime: 60_000,
    retry: false,
  })
}

/** The models; none where the model's server does not tell. */
export function useModels(): ModelInfo[] {
  return useModelList().data ?? []
}
