/** Whether the server can be heard. */

/** `offline` is the network's, as the browser tells it; `reconnecting` is the server's. */
export type Connection = 'online' | 'reconnecting' | 'offline'

export function useConnection(): Connection {
  return 'online'
}
