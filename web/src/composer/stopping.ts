import { useStop } from '../api/messages'
import { words } from '../ui/Notice'
import { toast } from '../ui/toasts'

/** Stops the answer that is being written, if there is one. */
export function useStopping(runId: string | null) {
  const { mutate, isPending } = useStop()
  const stop = () => {
    if (runId === null || isPending) return
    mutate(runId, { onError: (error) => toast(words(error).title, { bad: true }) })
  }
  return { stop, stopping: isPending }
}
