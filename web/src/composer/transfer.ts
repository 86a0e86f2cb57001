/** What comes by drag and drop, or from the clipboard. */

export interface Files {
  files: File[]
  /** Names of folders, which are not taken. */
  folders: string[]
}

export const carriesFiles = (data: DataTransfer | null) => data?.types.includes('Files') ?? false

/** To be asked while the event lasts: later it is empty. */
export function filesOf(data: DataTransfer): Files {
  const found: Files = { files: [], folders: [] }
  for (const item of data.items) {
    if (item.kind !== 'file') continue
    const entry = item.webkitGetAsEntry?.()
    const file = item.getAsFile()
    if (entry?.isDirectory) found.folders.push(entry.name)
    else if (file) found.files.push(file)
  }
  return found
}

/** Whether what is pasted is meant as files. Spreadsheets and word processors put a picture
 * of the text beside the text. */
export function meansFiles(data: DataTransfer): boolean {
  return carriesFiles(data) && !(data.getData('text/plain') && data.types.includes('text/html'))
}
