/** Who takes files that are dropped: the composer, where there is one. */
import { useEffect, useEffectEvent } from 'react'
import type { Files } from './transfer'

type Taker = (files: Files) => void

let taker: Taker | null = null

export const takerOfDrops = () => taker

export function useDrops(onFiles: Taker): void {
  const take = useEffectEvent(onFiles)
  useEffect(() => {
    const mine: Taker = (files) => take(files)
    taker = mine
    return () => {
      // Another one may be there already.
      if (taker === mine) taker = null
    }
  }, [])
}
