/** In the place of `tailwind-merge` (see vite.config.ts): nothing here is of Tailwind. */
export const twMerge = (...classes: (string | undefined)[]) => classes.filter(Boolean).join(' ')
