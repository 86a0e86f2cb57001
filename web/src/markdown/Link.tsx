import { ExternalLink, ImageOff } from 'lucide-react'
import { type ComponentProps, createContext, type MouseEvent, useContext } from 'react'
import { t } from '../strings'
import css from './Link.module.css'

/** Whether something is within a link: a badge is a picture that leads elsewhere. */
const Within = createContext(false)

/** A link of an answer: to the web or to a mail address, or to a place in the answer. */
export function Link({ href = '', children, ...props }: ComponentProps<'a'> & { node?: unknown }) {
  const { node: _, ...rest } = props
  if (href.startsWith('#'))
    return (
      <a {...rest} href={href} onClick={goTo}>
        <Within value>{children}</Within>
      </a>
    )
  const address = outward(href)
  // Where it would lead within Squid is not for an answer to say.
  if (address === null) return <span>{children}</span>
  return (
    <a {...rest} href={address} target="_blank" rel="noopener noreferrer">
      <Within value>{children}</Within>
    </a>
  )
}

/** Without writing it into the address, which is the session's. */
function goTo(event: MouseEvent<HTMLAnchorElement>): void {
  event.preventDefault()
  const target = document.getElementById(event.currentTarget.hash.slice(1))
  if (!target) return
  target.scrollIntoView({ block: 'nearest' })
  if (!target.matches('a')) target.tabIndex = -1
  target.focus({ preventScroll: true })
}

export function outward(href: string): string | null {
  try {
    const { protocol } = new URL(href)
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : null
  } catch {
    return null
  }
}

/** Pictures are not loaded: asking for one tells its server who reads what, and when. */
export function Picture({ src, alt }: ComponentProps<'img'> & { node?: unknown }) {
  const within = useContext(Within)
  const address = typeof src === 'string' && !within ? outward(src) : null
  const name = alt || t.markdown.picture
  return (
    <span className={css.picture}>
      <ImageOff aria-hidden size="1em" />
      {address === null ? (
        <span>{name}</span>
      ) : (
        <a href={address} target="_blank" rel="noopener noreferrer" title={t.markdown.pictureHint}>
          {name} <ExternalLink aria-hidden size="0.875em" />
        </a>
      )}
    </span>
  )
}
