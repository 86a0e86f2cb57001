/** The cache of what the server said, and the names of what is in it. */
import { QueryClient } from '@tanstack/react-query'
import { delay, passes } from './retry'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The change feed says what to look at again.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      networkMode: 'always',
      retry: (failures, error) => passes(error) && failures < 100,
      retryDelay: delay,
    },
    mutations: { networkMode: 'always' },
  },
})

export const keys = {
  server: ['server'] as const,
  models: ['models'] as const,
  /** All lists of sessions; one of them has its filter behind it. */
  sessions: ['sessions'] as const,
  histories: ['history'] as const,
  /** A session and the loaded end of its shown branch. */
  history: (sessionId: string) => ['history', sessionId] as const,
  file: (fileId: string) => ['file', fileId] as const,
  message: (messageId: string) => ['message', messageId] as const,
}
