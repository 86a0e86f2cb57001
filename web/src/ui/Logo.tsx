import css from './Logo.module.css'

/** The squid in the page's own colours; the file beside the page is for the browser's tab,
 * which knows only the system's theme. */
export function Logo({ size }: { size: string }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} className={css.logo} aria-hidden="true">
      <path d="M16 1.500c4.600 3.300 7.500 7.800 7.500 12.300 0 3.900-2.600 6.200-7.500 6.200s-7.500-2.300-7.500-6.200c0-4.500 2.900-9 7.500-12.300z" />
      <path d="M9.800 6.500C6.700 7.900 4.500 10.600 4 14.200c2.300-.3 4-.9 5.200-2zM22.200 6.500c3.100 1.400 5.300 4.100 5.800 7.700-2.300-.3-4-.9-5.200-2z" />
      <path
        className={css.arms}
        d="M10.500 18.500c0 3.500-3.700 4-3.700 7.200 0 1.800 1.200 2.800 2.700 2.800M14.200 19.500c0 4-1.200 5-1.200 7.500 0 1.500.5 2.500 1.200 3.300M17.800 19.500c0 4 1.200 5 1.200 7.500 0 1.500-.5 2.500-1.200 3.300M21.500 18.500c0 3.500 3.700 4 3.700 7.200 0 1.800-1.200 2.800-2.700 2.800"
      />
      <circle className={css.eye} cx="12.900" cy="14.200" r="1.700" />
      <circle className={css.eye} cx="19.100" cy="14.200" r="1.700" />
    </svg>
  )
}
