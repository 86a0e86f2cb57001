import { Command } from 'cmdk'
import { MessageSquare, Search } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useSessions } from '../api/sessions'
import { addressOf, nameOf } from '../sidebar/actions'
import { closeDrawer } from '../sidebar/state'
import { t } from '../strings'
import { dialogs } from '../ui/dialogs'
import { useReturnedFocus } from '../ui/focus'
import { useSettled } from '../ui/settled'
import { useCommands } from './commands'
import { Keys } from './Keys'
import css from './palette.module.css'

/** How many sessions are offered. */
const MOST = 8

/** Finds sessions and does what can be done, without a pointer. */
export default function Palette() {
  const [, navigate] = useLocation()
  const focus = useReturnedFocus()
  const [words, setWords] = useState('')
  const [chosen, setChosen] = useState('')
  const text = words.trim()
  const settled = useSettled(text, 150)
  const searched = text && settled
  const sessions = useSessions(searched ? { text: searched } : {})
  const found = (sessions.data ?? []).slice(0, MOST)
  const commands = useCommands().filter(
    (command) => command !== false && command.name !== 'commands' && matches(command.label, text),
  )
  // What comes later takes the place of what was chosen, so that Enter always does something.
  const values = [
    ...commands.map((command) => command && `command ${command.name}`),
    ...found.map((session) => `session ${session.id}`),
  ]
  const value = values.includes(chosen) ? chosen : values[0] || ''
  const waits = sessions.isPlaceholderData || searched !== text

  const close = () => dialogs.set(null)
  /** What was chosen. Only when the focus is given back may it go somewhere else. */
  const run = useRef<(() => void) | null>(null)
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Overlay className={css.shade} />
        <Dialog.Content
          className={css.palette}
          aria-describedby={undefined}
          onOpenAutoFocus={focus.remember}
          onCloseAutoFocus={(event) => {
            focus.onCloseAutoFocus(event)
            run.current?.()
          }}
        >
          <Dialog.Title className="unseen">{t.palette.title}</Dialog.Title>
          <Command
            shouldFilter={false}
            label={t.palette.title}
            loop
            vimBindings={false}
            value={value}
            onValueChange={setChosen}
          >
            <div className={css.prompt}>
              <Search aria-hidden size="1.125em" />
              <Command.Input
                value={words}
                onValueChange={setWords}
                placeholder={t.palette.prompt}
                maxLength={500}
              />
            </div>
            <Command.List className={css.list} label={t.palette.title}>
              {commands.length === 0 && found.length === 0 && !waits && (
                <div className={css.nothing} role="status">
                  {t.palette.nothing(text)}
                </div>
              )}
              {/* Before something is typed, what is wanted is rather something to do. */}
              {commands.length > 0 && (
                <Command.Group heading={t.palette.commands}>
                  {commands.map(
                    (command) =>
                      command && (
                        <Command.Item
                          key={command.name}
                          value={`command ${command.name}`}
                          onSelect={() => {
                            run.current = command.run
                            close()
                          }}
                        >
                          <command.icon aria-hidden size="1.125em" />
                          <span className={css.label}>{command.label}</span>
                          {command.keys && <Keys of={command.keys} />}
                        </Command.Item>
                      ),
                  )}
                </Command.Group>
              )}
              {found.length > 0 && (
                <Command.Group heading={t.palette.sessions}>
                  {found.map((session) => (
                    <Command.Item
                      key={session.id}
                      value={`session ${session.id}`}
                      onSelect={() => {
                        close()
                        closeDrawer()
                        navigate(addressOf(session.id))
                      }}
                    >
                      <MessageSquare aria-hidden size="1.125em" />
                      <span className={`${css.label} aligned`} dir="auto">
                        {nameOf(session)}
                      </span>
                    </Command.Item>
                  ))}
                </Command.Group>
              )}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** All words of the text are in the label, in any order. */
function matches(label: string, text: string): boolean {
  const lower = label.toLocaleLowerCase()
  return text
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word))
}
