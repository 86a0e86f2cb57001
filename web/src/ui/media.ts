import { useCallback, useSyncExternalStore } from 'react'

/** Narrower than this, the sessions are a drawer. The style sheets say the same. */
export const PHONE = '(max-width: 47.99rem)'

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query)
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    [query],
  )
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches)
}
