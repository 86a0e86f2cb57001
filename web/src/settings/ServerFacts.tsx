import { useServer } from '../api/server'
import { number, size, t } from '../strings'
import css from './SettingsDialog.module.css'

const words = t.settings

/** What the server says of itself. */
export function ServerFacts() {
  const server = useServer()
  if (!server) return null
  const { provider, limits } = server
  const features = Object.entries(server.features)
    .filter(([name, on]) => on && name in words.featureNames)
    .map(([name]) => words.featureNames[name])
  const facts = [
    [words.version, server.version],
    [words.answers, provider ? words.answeredBy(provider.name, provider.model) : words.nobody],
    [
      words.files,
      words.filesLimit(
        size(limits.max_file_size_mb * 1_000_000),
        number.format(limits.max_files_per_message),
      ),
    ],
    [words.features, features.join(', ') || words.none],
  ]
  return (
    <section className={css.section}>
      <h3>{words.server}</h3>
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {server.features.docs && (
        <p className={css.links}>
          <a href="/docs" target="_blank" rel="noreferrer">
            {words.docs}
          </a>
          <a href="/api/openapi.json" target="_blank" rel="noreferrer">
            {words.description}
          </a>
        </p>
      )}
    </section>
  )
}
