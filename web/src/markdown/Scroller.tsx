import { type ReactNode, useEffect, useRef, useState } from 'react'

interface ScrollerProps {
  /** What is in it, for a screen reader. */
  label: string
  className: string | undefined
  children: ReactNode
}

/** Scrolls sideways what is too wide, and takes the focus then, so that the keyboard can. */
export function Scroller({ label, className, children }: ScrollerProps) {
  const box = useRef<HTMLDivElement>(null)
  const wide = useIsWide(box)
  return (
    <div
      ref={box}
      className={className}
      {...(wide ? { role: 'group', 'aria-label': label, tabIndex: 0 } : {})}
    >
      {children}
    </div>
  )
}

function useIsWide(box: { current: HTMLElement | null }): boolean {
  const [wide, setWide] = useState(false)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() =>
      setWide(element.scrollWidth > element.clientWidth + 1),
    )
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [box])
  return wide
}
