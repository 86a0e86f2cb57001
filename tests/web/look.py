"""How the page looks: what can be pressed, what is cut off, where the focus is."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Page

from tests.web.conftest import Served
from tests.web.sight import still
from tests.web.views import View, seed_all

LOOK = """
window.look = {
  // What a pointer can press, as it is drawn; what lies under a dialog is not to be had.
  targets() {
    const found = document.querySelectorAll(
      'a[href], button, input:not([type=file]), textarea, select, [role^=menuitem], [role=option]')
    return [...found].filter(one =>
      one.checkVisibility({ visibilityProperty: true, opacityProperty: false }) &&
      !one.closest('[aria-hidden=true], [inert]') &&
      !one.disabled && getComputedStyle(one).pointerEvents !== 'none')
  },
  name(one) {
    return one.getAttribute('aria-label') || one.innerText?.trim().slice(0, 40) ||
      one.placeholder || one.outerHTML.slice(0, 120)
  },
  // Targets under 24 px a side. A link in a line of text is as high as its line (WCAG 2.5.8).
  small() {
    return look.targets().filter(one => !one.matches('article p a, article li a, article td a'))
      .map(one => [one, one.getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && (box.width < 23.9 || box.height < 23.9))
      .filter(([one]) => !look.reaches(one))
      .map(([one, box]) => `${look.name(one)}: ${box.width} × ${box.height}`)
  },
  // Whether it can be pressed beside what is drawn of it, 12 px from its middle.
  reaches(one) {
    one.scrollIntoView({ block: 'center' })
    const box = one.getBoundingClientRect()
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2]
    return [[-11.9, 0], [11.9, 0], [0, -11.9], [0, 11.9]].every(
      ([right, down]) => one.contains(document.elementFromPoint(x + right, y + down)))
  },
  // What sticks out of the window sideways, with nothing around it that scrolls.
  wide() {
    const scrolls = one => {
      for (let at = one.parentElement; at && at !== document.body; at = at.parentElement)
        if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX) &&
            at.getBoundingClientRect().right <= innerWidth + 1) return true
      return false
    }
    const out = [...document.body.querySelectorAll('*')].filter(one => {
      const box = one.getBoundingClientRect()
      return box.width > 1 && one.checkVisibility({ visibilityProperty: true }) &&
        (box.right > innerWidth + 1 || box.left < -1) && !scrolls(one)
    }).map(one => one.outerHTML.slice(0, 160))
    if (document.documentElement.scrollWidth > innerWidth) out.push('the page scrolls sideways')
    return out
  },
  // Text that its own box cuts off, and no way to see the rest.
  cut() {
    return look.targets().filter(one => {
      const style = getComputedStyle(one)
      // What is there for the keyboard alone is shown when it has the focus.
      const box = one.getBoundingClientRect()
      return box.width > 2 && box.bottom > 0 && one.matches('button, a') &&
        style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis' &&
        one.scrollWidth > one.clientWidth + 1
    }).map(look.name)
  },
  // Whether the frame's two parts lie over each other.
  overlaps() {
    const [nav, main] = ['nav', 'main']
      .map(one => document.querySelector(one)?.getBoundingClientRect())
    return nav && main && nav.width > 1 &&
      Math.min(nav.right, main.right) - Math.max(nav.left, main.left) > 1
  },
  // The focus, and whether one sees it.
  focus() {
    const one = document.activeElement
    if (!one || one === document.body) return null
    one.dataset.tabbed ??= `${++look.count}`
    // The ring may be around what it stands in, or around the words in it.
    const near = [one, ...one.querySelectorAll('*')]
    for (let at = one.parentElement; at; at = at.parentElement) near.push(at)
    const styles = near.flatMap(at => [null, '::before', '::after'].map(
      part => getComputedStyle(at, part)))
    const ring = styles.some(
      its => its.outlineStyle !== 'none' && parseFloat(its.outlineWidth) >= 1)
    const box = one.getBoundingClientRect()
    return { id: one.dataset.tabbed, name: look.name(one), tag: one.tagName,
             ring: ring || getComputedStyle(one).boxShadow !== 'none', height: box.height,
             inWindow: box.bottom > 0 && box.top < innerHeight &&
                       box.right > 0 && box.left < innerWidth }
  },
  // What tells one from its neighbours where grounds are all the same.
  marks(one) {
    const page = getComputedStyle(document.body).backgroundColor
    return [one, one.parentElement].flatMap(at => {
      const style = getComputedStyle(at)
      const { backgroundColor: ground, outlineStyle, borderWidth, borderColor } = style
      const none = ground === page || /, 0\\)$/.test(ground)
      return [none ? '' : ground, outlineStyle, borderWidth === '0px' ? '' : borderColor]
    })
  },
  count: 0,
}
"""


async def opened(context: BrowserContext, served: Served, view: View) -> Page:
    await context.add_init_script(LOOK)
    session_id = await seed_all(served.client)
    page = await context.new_page()
    await page.emulate_media(reduced_motion="reduce")
    await view(page, served.url, session_id)
    await still(page)
    return page
