/** What is done to a message that is there. What is said, anew or differently, goes through the
 * outbox. */
import { useMutation } from '@tanstack/react-query'
import { v7 as uuid } from 'uuid'
import { api, body } from './client'
import { historyOf, refreshHistory, refreshMessage, showMessages, showTurn } from './history'
import { delay, passes } from './retry'
import { refreshLists, show } from './sessions'
import type { Message, StartedRun } from './types'

/** A new id for a message of the user's to the assistant. */
export const newMessageId = () => `local.assistant.${uuid()}`

/** Show what has begun: the question, where it is new, and the empty answer. */
export function showStarted(started: StartedRun): void {
  const { id, version } = started.session
  showTurn(started)
  show(started.session)
  // Others may have said something before it.
  if ((historyOf(id)?.read ?? version) < version) void refreshHistory(id, version)
  refreshLists()
}

function showChanged(message: Message): void {
  const { id, session_id } = message
  // One that comes back stands between others: the server says where.
  if (historyOf(session_id)?.messages.some((one) => one.id === id))
    showMessages(session_id, [message])
  void refreshHistory(session_id).then(() => refreshMessage(session_id, id))
  refreshLists()
}

/** A request with an id is sent again until it has an answer. */
const again = {
  retry: (failures: number, error: Error) => failures < 5 && passes(error),
  retryDelay: delay,
}

interface Again {
  message: Message
  runId: string
  model?: string
}

/** Another answer beside the first. The message is the answer, or the question. */
export function useRetry() {
  return useMutation({
    ...again,
    mutationFn: ({ message, runId, model }: Again) =>
      body(
        api.POST('/api/messages/{message_id}/retry', {
          params: { path: { message_id: message.id } },
          body: { run_id: runId, ...(model ? { model } : {}) },
        }),
      ),
    onSuccess: showStarted,
  })
}

/** Goes on with an answer that ended early, in the same message. */
export function useContinue() {
  return useMutation({
    ...again,
    mutationFn: ({ message, runId }: Again) =>
      body(
        api.POST('/api/messages/{message_id}/continue', {
          params: { path: { message_id: message.id } },
          body: { run_id: runId },
        }),
      ),
    onSuccess: showStarted,
  })
}

/** Puts a message out of sight, the model's too. */
export function useDeleteMessage() {
  return useMutation({
    mutationFn: (message: Message) =>
      body(
        api.DELETE('/api/messages/{message_id}', { params: { path: { message_id: message.id } } }),
      ),
    onSuccess: showChanged,
  })
}

export function useRestoreMessage() {
  return useMutation({
    mutationFn: (message: Message) =>
      body(
        api.POST('/api/messages/{message_id}/restore', {
          params: { path: { message_id: message.id } },
        }),
      ),
    onSuccess: showChanged,
  })
}

/** Ends a run early; its text stays. */
export function useStop() {
  return useMutation({
    ...again,
    mutationFn: (runId: string) =>
      body(api.POST('/api/runs/{run_id}/stop', { params: { path: { run_id: runId } } })),
  })
}
