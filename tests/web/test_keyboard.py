"""For everyone: by keyboard alone, with a finger, in any direction, size and colour."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.web.conftest import PHONE, Served
from tests.web.look import LOOK, opened
from tests.web.seeds import assistant, conversation, seed, user
from tests.web.sight import answered, answers, roll, still
from tests.web.views import (
    View,
    archive,
    attaching,
    drawer,
    empty,
    palette,
    seed_all,
    session,
    settings,
    shortcuts,
    sidebar,
    unfolded,
)


async def walk(page: Page, key: str = "Tab", steps: int = 150) -> list[dict[str, Any]]:
    """Where the focus goes, until it comes back to where it was or leaves the page."""
    seen: list[dict[str, Any]] = []
    for _ in range(steps):
        await page.keyboard.press(key)
        at = await page.evaluate("look.focus()")
        if at is None or (seen and at["id"] == seen[0]["id"]):
            break
        seen.append(at)
    return seen


async def test_everything_is_reached_and_seen_with_the_tab_key(
    served: Served, context: BrowserContext
) -> None:
    page = await opened(context, served, session)
    await page.get_by_role("link", name="Skip to the conversation").focus()
    found = await walk(page)
    assert len(found) > 15
    assert not [at["name"] for at in found if not at["ring"]], "each shows that it has the focus"
    assert not [at["name"] for at in found if not at["inWindow"]], "and is in the window"
    names = {at["name"] for at in found}
    for name in ("New session", "Settings", "Message", "Attach files", "Continue"):
        assert name in names, f"{name} is reached: {sorted(names)}"


async def test_a_session_from_the_first_word_to_its_end_without_a_pointer(
    served: Served, page: Page
) -> None:
    """Write, read, say it differently, rename, delete and undo."""
    await page.get_by_role("textbox", name="Message").focus()
    await page.keyboard.type("By keyboard")
    await page.keyboard.press("Enter")
    await answered(page)
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    await page.get_by_role("article", name="You").get_by_role("button", name="Edit").focus()
    await page.keyboard.press("Enter")
    mine = page.get_by_role("article", name="You")
    await expect(mine.get_by_role("textbox")).to_be_focused()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("By keyboard, again")
    await page.keyboard.press("Enter")
    # What is in the form is in the message as well, so it is no sign.
    await expect(page.get_by_text("2/2")).to_be_visible()
    await expect(mine).to_be_focused()
    await expect(mine).to_contain_text("again")
    await answered(page)
    actions = page.get_by_role("button", name="Actions for By keyboard")
    await actions.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(actions).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    await page.keyboard.press("Enter")
    delete = page.get_by_role("alertdialog").get_by_role("button", name="Delete")
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    await delete.focus()
    await page.keyboard.press("Enter")
    link = page.get_by_role("navigation", name="Sessions").get_by_role("link", name="By keyboard")
    await expect(link).to_have_count(0)


@pytest.mark.parametrize("view", [settings, palette, shortcuts], ids=lambda view: view.__name__)
async def test_a_dialog_keeps_the_focus_and_gives_it_back(
    served: Served, context: BrowserContext, view: View
) -> None:
    page = await opened(context, served, view)
    dialog = page.get_by_role("dialog")
    for _ in range(30):
        await page.keyboard.press("Tab")
        assert await dialog.evaluate("one => one.contains(document.activeElement)")
    # The first one may be for the tooltip of what has the focus.
    await page.keyboard.press("Escape")
    if await dialog.count():
        await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.locator(":focus")).to_have_count(1)


@pytest.mark.parametrize("context", [{}, PHONE], ids=["mouse", "phone"], indirect=True)
@pytest.mark.parametrize(
    "view", [empty, unfolded, attaching, settings, archive], ids=lambda view: view.__name__
)
async def test_what_is_pressed_is_large_enough(
    served: Served, context: BrowserContext, view: View
) -> None:
    page = await opened(context, served, view)
    assert await page.evaluate("look.small()") == []
    if view is empty:
        await sidebar(page)
        assert await page.evaluate("look.small()") == []


async def test_a_message_that_is_deleted_leaves_the_focus_to_another(
    served: Served, page: Page
) -> None:
    turns = [user("One"), assistant("Two"), user("Three")]
    (session_id,) = await seed(served.client, conversation("Four", turns))
    await page.goto(f"{served.url}/sessions/{session_id}")
    asked, last = (page.get_by_role("article", name="You").nth(at) for at in (0, 1))
    for gone, left in (
        (last, answers(page)),
        (asked, answers(page)),
        (answers(page), page.get_by_role("textbox", name="Message")),
    ):
        await gone.get_by_role("button", name="Delete").focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("alertdialog")
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(gone).to_have_count(0)
        await expect(left).to_be_focused()


@pytest.mark.parametrize("by", ["Control+b", "palette"])
async def test_the_sidebar_leaves_the_focus_to_what_brings_it_back(
    served: Served, page: Page, by: str
) -> None:
    async def toggle() -> None:
        if by == "palette":
            await page.keyboard.press("Control+k")
            await page.get_by_role("dialog").get_by_role("combobox").fill("hide the sidebar")
            await page.keyboard.press("Enter")
        else:
            await page.keyboard.press(by)

    sessions = page.get_by_role("navigation", name="Sessions")
    await sessions.get_by_role("searchbox").focus()
    await toggle()
    await expect(sessions).to_be_hidden()
    await expect(page.get_by_role("button", name="Open the sidebar")).to_be_focused()
    await toggle()
    await expect(page.get_by_role("button", name="Close the sidebar")).to_be_focused()
    box = page.get_by_role("textbox", name="Message")
    await box.focus()
    await toggle()
    await expect(sessions).to_be_hidden()
    await expect(box).to_be_focused()


async def test_the_default_model_is_chosen_with_the_keys(served: Served, page: Page) -> None:
    await page.get_by_role("button", name="Model: script:deltas=5").click()
    await page.get_by_role("option", name="Claude Opus 5.5").click()
    await page.get_by_role("button", name="Model: Claude Opus 5.5").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox")).to_be_focused()
    default = page.get_by_role("option", name="Default")
    await page.keyboard.press("Home")
    await expect(default).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(default).to_have_attribute("aria-selected", "false")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Model: script:deltas=5")).to_be_visible()


async def test_reduced_motion_moves_nothing(served: Served, context: BrowserContext) -> None:
    page = await opened(context, served, unfolded)
    await page.get_by_role("button", name="Settings", exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    running = (
        "document.getAnimations().filter(one => one.playState === 'running' &&"
        " one.effect.getComputedTiming().activeDuration > 1).map(one => one.animationName)"
    )
    assert await page.evaluate(running) == []


async def test_colours_of_the_system_show_all_that_matters(
    served: Served, context: BrowserContext
) -> None:
    """In forced colours grounds are gone: what is chosen and what can be pressed is not."""
    await context.add_init_script(LOOK)
    session_id = await seed_all(served.client)
    page = await context.new_page()
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    await session(page, served.url, session_id)
    box = page.get_by_role("textbox", name="Message")
    await box.focus()
    assert (await page.evaluate("look.focus()"))["ring"]
    invisible = await page.evaluate(
        """() => look.targets().filter(one => {
             const icon = one.querySelector('svg')
             const ground = getComputedStyle(document.body).backgroundColor
             return icon && getComputedStyle(icon).stroke === ground
           }).map(look.name)"""
    )
    assert invisible == []
    # What is chosen, and what is not, beside it.
    await told_apart(page.locator("nav li a[aria-current]"), page.locator("nav li a").last)
    await page.get_by_role("button", name="Sort").click()
    await page.keyboard.press("ArrowDown")
    choices = page.get_by_role("menuitemradio")
    await told_apart(choices.nth(1), choices.first)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Settings", exact=True).click()
    await told_apart(page.get_by_role("radio", checked=True), page.get_by_role("radio").last)
    await page.keyboard.press("Escape")
    options = page.get_by_role("option")
    await page.keyboard.press("Control+k")
    await told_apart(options.first, options.last)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Model: ").click()
    await told_apart(options.first, options.last)


async def told_apart(chosen: Locator, other: Locator) -> None:
    """By what forced colours leave: an outline, a ground of the system's, a border."""

    await expect(other.first).to_be_attached()
    looks = [await one.first.evaluate("one => look.marks(one)") for one in (chosen, other)]
    assert looks[0] != looks[1]


NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.mark.parametrize("context", [NARROW], ids=["320px"], indirect=True)
@pytest.mark.parametrize(
    "view",
    [empty, unfolded, attaching, settings, palette, shortcuts, archive],
    ids=lambda view: view.__name__,
)
async def test_nothing_is_wider_than_a_narrow_window(
    served: Served, context: BrowserContext, view: View
) -> None:
    """320 px is 1280 at four times the size (WCAG 1.4.10): no scrolling sideways, but in what
    needs two dimensions, each in its own box."""
    page = await opened(context, served, view)
    assert await page.evaluate("look.wide()") == []
    if view is unfolded:
        for _ in range(6):
            await roll(page, -600)
            assert await page.evaluate("look.wide()") == []


@pytest.mark.parametrize("context", [NARROW], ids=["320px"], indirect=True)
async def test_a_menu_of_long_names_is_not_wider_than_the_window(
    served: Served, context: BrowserContext
) -> None:
    names = [f"accounts/somebody/models/very-long-model-name-instruct-70b-{n}" for n in range(3)]
    models = [{"id": name, "name": name, "provider": "anthropic"} for name in names]
    await context.route("**/api/models", lambda route: route.fulfill(json={"models": models}))
    page = await opened(context, served, session)
    await page.get_by_role("button", name="Try again with another model").last.click()
    await expect(page.get_by_role("menuitem", name=names[0])).to_be_visible()
    assert await page.evaluate("look.wide()") == []
    assert await page.get_by_role("menu").evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("view", [empty, unfolded, settings], ids=lambda view: view.__name__)
async def test_text_at_twice_its_size_loses_nothing(
    served: Served, context: BrowserContext, view: View
) -> None:
    page = await opened(context, served, view)
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await still(page)
    assert await page.evaluate("look.wide()") == []
    assert await page.evaluate("look.cut()") == []
    assert not await page.evaluate("look.overlaps()")
    if view is not settings:
        await expect(page.get_by_role("textbox", name="Message")).to_be_in_viewport()


@pytest.mark.parametrize("view", [empty, unfolded, attaching], ids=lambda view: view.__name__)
async def test_from_right_to_left_all_is_mirrored(
    served: Served, context: BrowserContext, view: View
) -> None:
    page = await opened(context, served, view)
    navigation = page.get_by_role("navigation", name="Sessions")
    before = await navigation.bounding_box()
    assert before
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await still(page)
    after = await navigation.bounding_box()
    assert after
    assert after["x"] + after["width"] == pytest.approx(1280 - before["x"], abs=1)
    assert not await page.evaluate("look.overlaps()")
    assert await page.evaluate("look.wide()") == []


async def test_titles_begin_where_the_list_does_whichever_way_they_read(
    served: Served, context: BrowserContext
) -> None:
    page = await opened(context, served, empty)
    await expect(page.locator("nav li a").nth(3)).to_be_visible()
    starts = await page.evaluate(
        """() => [...document.querySelectorAll('nav li a')].map(one => {
             const range = document.createRange()
             range.selectNodeContents(one)
             return Math.round(range.getBoundingClientRect().left)
           })"""
    )
    assert len(starts) > 3
    assert len(set(starts)) == 1


@pytest.mark.parametrize("context", [NARROW], ids=["320px"], indirect=True)
@pytest.mark.parametrize("view", [settings, archive, drawer], ids=lambda view: view.__name__)
async def test_large_text_fits_into_a_narrow_window(
    served: Served, context: BrowserContext, view: View
) -> None:
    """By the page's own setting."""
    await context.add_init_script(
        "if (location.host) localStorage['squid.settings'] = '{\"textSize\": \"large\"}'"
    )
    page = await opened(context, served, view)
    out = await page.evaluate(
        """() => look.targets().filter(one => {
             const box = one.getBoundingClientRect()
             const around = one.closest('[role=dialog], main')?.getBoundingClientRect()
             return around && box.right > around.right + 1
           }).map(look.name)"""
    )
    assert out == []


async def test_text_from_right_to_left_reads_so_by_itself(served: Served, page: Page) -> None:
    turns = [user("שלום"), assistant("שלום, מה שלומך?")]
    (session_id,) = await seed(served.client, conversation("Hebrew", turns))
    await page.goto(f"{served.url}/sessions/{session_id}")
    for name in ("You", "Assistant"):
        text = page.get_by_role("article", name=name).get_by_text("שלום").first
        await expect(text).to_be_visible()
        assert await text.evaluate("one => getComputedStyle(one).direction") == "rtl"
