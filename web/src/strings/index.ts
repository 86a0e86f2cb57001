/** The words of the page, and dates and numbers as its reader writes them. */
import { en, type Strings } from './en'

export const t: Strings = en

/** The language of the words; numbers and dates are the reader's own. */
export const language = 'en'
/** Which way they run. */
export const direction: 'ltr' | 'rtl' = 'ltr'

/** Those that are languages: where a system has none set, a browser may say `C`. */
const locales = navigator.languages.filter((tag) => {
  try {
    return Intl.getCanonicalLocales(tag).length > 0
  } catch {
    return false
  }
})

export const number = new Intl.NumberFormat(locales)
const bytes = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** A size as people say it: 1.4 MB. */
export function size(count: number): string {
  const step = Math.min(Math.floor(Math.log(Math.max(count, 1)) / Math.log(1000)), 3)
  return new Intl.NumberFormat(locales, {
    style: 'unit',
    unit: bytes[step] ?? 'byte',
    // Short, it is "78 byte".
    unitDisplay: step ? 'short' : 'long',
    maximumFractionDigits: step ? 1 : 0,
  }).format(count / 1000 ** step)
}

export const month = new Intl.DateTimeFormat(locales, { month: 'long', year: 'numeric' })
export const dateTime = new Intl.DateTimeFormat(locales, {
  dateStyle: 'medium',
  timeStyle: 'short',
})
