/** Every word that the page says, in English. Another language is another file of this
 * shape (`Strings`). A part of the page has its words under its own name. */
export const en = {
  cancel: 'Cancel',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  notification: 'Notification',
  tryAgain: 'Try again',
  undo: 'Undo',
  unreachable: 'The server cannot be reached.',
  unreachableHint: 'It is tried again by itself. Is “squid serve” running?',
  wentWrong: 'Something went wrong in this page.',

  app: {
    name: 'Squid',
    crashed: 'The page has come upon an error of its own',
    crashedHint: 'Your conversations are safe on the server. Reload the page.',
    reload: 'Reload',
    notThere: 'There is nothing at this address',
    notThereHint: 'It may have been removed, or the link is broken.',
    skip: 'Skip to the conversation',
  },
  composer: {},
  conversation: {},
  connection: {},
  outbox: {},
  palette: {},
  settings: {},
  shortcuts: {},
  sidebar: {},
}

export type Strings = typeof en
