/** What tests of the page are about. */
import type { Message, Session } from '../api/types'

export function message(change: Partial<Message> = {}): Message {
  return {
    id: 'assistant.local.1',
    session_id: 's',
    parent_id: 'local.assistant.1',
    role: 'assistant',
    status: 'complete',
    content: '',
    reasoning: '',
    tool: null,
    model: null,
    stop_reason: null,
    usage: null,
    error: null,
    run_id: 'r',
    run_event: null,
    calls: [],
    sources: [],
    files: [],
    siblings: [],
    created_at: 1,
    updated_at: 1,
    deleted_at: null,
    purged_at: null,
    ...change,
  }
}

export function session(change: Partial<Session> = {}): Session {
  return {
    id: 's',
    title: 'A session',
    system: null,
    model: null,
    head: null,
    message_count: 0,
    input_tokens: 0,
    output_tokens: 0,
    live_run_id: null,
    version: 1,
    created_at: 1,
    active_at: 1,
    archived_at: null,
    deleted_at: null,
    ...change,
  }
}
