import { Command } from 'cmdk'
import { Check, ChevronDown } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useState } from 'react'
import { useModelList, useServer } from '../api/server'
import { t } from '../strings'
import { Button } from '../ui/Button'
import { Notice, words } from '../ui/Notice'
import { finger } from './keys'
import css from './ModelPicker.module.css'
import { groups, matching, nameOf } from './models'

interface ModelPickerProps {
  model: string | null
  /** Not there where it cannot be changed yet. */
  onChange: ((model: string | null) => void) | undefined
  onDone: () => void
}

/** Which model answers. */
export function ModelPicker({ model, onChange, onDone }: ModelPickerProps) {
  const [open, setOpen] = useState(false)
  const models = useModelList().data ?? []
  const standard = useServer()?.provider?.model ?? null
  const name = nameOf(model ?? standard, models) ?? t.composer.modelDefault
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button
          type="button"
          className={css.button}
          aria-label={t.composer.model(name)}
          title={name}
          disabled={!onChange}
        >
          <bdi className={css.name}>{name}</bdi>
          <ChevronDown aria-hidden size="1em" />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={css.menu}
          aria-label={t.composer.modelMenu}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            if (finger()) return
            event.preventDefault()
            onDone()
          }}
        >
          <Choice
            model={model}
            standard={standard}
            onChoose={(chosen) => {
              if (chosen !== model) onChange?.(chosen)
              setOpen(false)
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

interface ChoiceProps {
  model: string | null
  standard: string | null
  onChoose: (model: string | null) => void
}

function Choice({ model, standard, onChoose }: ChoiceProps) {
  const { data: models = [], error, isFetching, refetch } = useModelList()
  const [search, setSearch] = useState('')
  const typed = search.trim()
  const known = models.some((one) => one.id === model) || model === null
  const all = known ? models : [...models, { id: model, name: model, provider: '' }]
  const shown = matching(all, typed)
  const grouped = groups(shown)
  const several = grouped.filter(({ provider }) => provider).length > 1
  return (
    <Command label={t.composer.modelMenu} shouldFilter={false} loop>
      <Command.Input
        className={css.search}
        value={search}
        onValueChange={setSearch}
        placeholder={t.composer.modelSearch}
      />
      {error && (
        <Notice kind="warn" title={words(error).title} hint={words(error).hint}>
          <Button kind="quiet" disabled={isFetching} onClick={() => void refetch()}>
            {t.tryAgain}
          </Button>
        </Notice>
      )}
      {isFetching && !error && models.length === 0 && (
        <p className={css.none}>{t.composer.modelsLoading}</p>
      )}
      <Command.List className={css.list} label={t.composer.modelMenu}>
        {!typed && (
          <Item value="default" chosen={model === null} onChoose={() => onChoose(null)}>
            {t.composer.modelDefault}
            {standard && <small>{nameOf(standard, models)}</small>}
          </Item>
        )}
        {grouped.map(({ provider, models }) => (
          <Command.Group
            key={provider}
            className={css.group}
            heading={several ? provider : undefined}
          >
            {models.map(({ id, name }) => (
              <Item key={id} value={`id ${id}`} chosen={id === model} onChoose={() => onChoose(id)}>
                {name}
                {name !== id && <small>{id}</small>}
              </Item>
            ))}
          </Command.Group>
        ))}
        {typed && !all.some((one) => one.id === typed) && (
          <Item value={`typed ${typed}`} chosen={false} onChoose={() => onChoose(typed)}>
            {t.composer.modelNamed(typed)}
          </Item>
        )}
      </Command.List>
    </Command>
  )
}

interface ItemProps {
  /** What the list knows it by: none that is empty. */
  value: string
  chosen: boolean
  onChoose: () => void
  children: React.ReactNode
}

function Item({ value, chosen, onChoose, children }: ItemProps) {
  return (
    <Command.Item className={css.item} value={value} onSelect={onChoose} aria-checked={chosen}>
      <span className={css.label}>{children}</span>
      {chosen && <Check aria-hidden size="1em" className={css.check} />}
    </Command.Item>
  )
}
