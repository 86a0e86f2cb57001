/** What is in files. */
import { useQuery } from '@tanstack/react-query'
import { api, body } from './client'
import { keys } from './queries'

/** Text files that are larger are not read into the page. */
export const LARGEST_TEXT = 2_000_000

const TEXT = /^(text\/|application\/(json|xml|yaml|toml|javascript|x-[\w-]*(sh|yaml|ndjson)))/

export const isText = (mediaType: string) => TEXT.test(mediaType)
export const isPdf = (mediaType: string) => mediaType.startsWith('application/pdf')

/** About a file that an answer cites. */
export function useFile(fileId: string | null) {
  return useQuery({
    queryKey: [...keys.file(fileId ?? ''), 'about'],
    enabled: fileId !== null,
    queryFn: ({ signal }) =>
      body(
        api.GET('/api/files/{file_id}', { params: { path: { file_id: fileId ?? '' } }, signal }),
      ),
  })
}

/** The text of a file, once it is known to be one. */
export function useText(fileId: string | null) {
  return useQuery({
    queryKey: [...keys.file(fileId ?? ''), 'text'],
    enabled: fileId !== null,
    // A file never changes, and is quickly read again.
    gcTime: 60_000,
    queryFn: ({ signal }) => read(fileId ?? '', 'text', signal) as Promise<string>,
  })
}

/** The file, to be opened in a tab of its own: the server itself only lets it be saved. */
export async function openFile(fileId: string): Promise<Blob> {
  return (await read(fileId, 'blob')) as Blob
}

function read(fileId: string, parseAs: 'text' | 'blob', signal?: AbortSignal): Promise<unknown> {
  return body(
    api.GET('/api/files/{file_id}/content', {
      params: { path: { file_id: fileId } },
      parseAs,
      ...(signal ? { signal } : {}),
    }) as Promise<{ data?: unknown; error?: unknown; response: Response }>,
  )
}
