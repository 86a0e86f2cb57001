import { useModels, useServer } from '../api/server'
import { nameOf } from '../composer/models'
import { isMac } from '../palette/shortcuts'
import { t } from '../strings'
import { Dialog } from '../ui/Dialog'
import { dialogs } from '../ui/dialogs'
import { Choice, Line } from './Choice'
import { Data } from './Data'
import { ServerFacts } from './ServerFacts'
import css from './SettingsDialog.module.css'
import { change, useSettings } from './settings'

const words = t.settings

export default function SettingsDialog() {
  const { theme, textSize, enter, reasoning, keep, model } = useSettings()
  const models = useModels()
  const standard = nameOf(useServer()?.provider?.model ?? null, models)
  // One that was chosen stays to be seen, also where the server does not tell its models.
  const unknown = model !== null && !models.some((one) => one.id === model)
  return (
    <Dialog
      open
      onOpenChange={(open) => open || dialogs.set(null)}
      title={words.title}
      about={words.here}
    >
      <section className={css.section}>
        <h3>{words.look}</h3>
        <Choice
          label={words.theme}
          about={words.themeAbout}
          value={theme}
          onChange={(value) => change({ theme: value })}
          options={words.themes}
        />
        <Choice
          label={words.textSize}
          about={words.textSizeAbout}
          value={textSize}
          onChange={(value) => change({ textSize: value })}
          options={words.textSizes}
        />
      </section>
      <section className={css.section}>
        <h3>{words.conversations}</h3>
        <Choice
          label={words.enter}
          about={enter === 'send' ? words.enterSends : words.enterBreaks(isMac ? '⌘' : 'Ctrl')}
          value={enter}
          onChange={(value) => change({ enter: value })}
          options={words.enters}
        />
        <Choice
          label={words.reasoning}
          about={words.reasoningAbout}
          value={reasoning}
          onChange={(value) => change({ reasoning: value })}
          options={words.reasonings}
        />
        <Choice
          label={words.keep}
          about={words.keepAbout}
          value={keep}
          onChange={(value) => change({ keep: value })}
          options={words.keeps}
        />
        <Line label={words.model} about={words.modelAbout}>
          {({ labelId, aboutId }) => (
            <select
              className={css.select}
              aria-labelledby={labelId}
              aria-describedby={aboutId}
              value={model ?? ''}
              onChange={(event) => change({ model: event.target.value || null })}
            >
              <option value="">
                {standard ? words.serverModelNamed(standard) : words.serverModel}
              </option>
              {unknown && <option value={model}>{model}</option>}
              {models.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name || one.id}
                </option>
              ))}
            </select>
          )}
        </Line>
      </section>
      <Data />
      <ServerFacts />
    </Dialog>
  )
}
