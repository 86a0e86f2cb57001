/** Whether what was read is kept in this browser. */
import { useEffect } from 'react'
import { allow } from '../api/kept'
import { useSettings } from './settings'

export function useKeeping(): void {
  const { keep } = useSettings()
  useEffect(() => allow(keep === 'yes'), [keep])
}
