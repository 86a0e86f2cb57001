/** Where messages are written. */
export function Composer({ sessionId }: { sessionId: string | null }) {
  return <textarea aria-label={sessionId ?? ''} />
}
