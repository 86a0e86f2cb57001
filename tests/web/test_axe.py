"""What looks for what some people cannot use finds nothing, in any view.

axe-core runs inside the page; Playwright puts it there, past the page's own policy.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from tests.web.conftest import DARK, LIGHT, PHONE, Served
from tests.web.faults import Faults
from tests.web.sight import still
from tests.web.views import (
    VIEWS,
    View,
    attaching,
    cited,
    empty,
    menu,
    nowhere,
    palette,
    seed_all,
    settings,
    unfolded,
)
from web.node import PACKAGES

AXE = "axe-core/axe.min.js"
# The first one may have npm get all packages.
pytestmark = [pytest.mark.usefixtures("tools"), pytest.mark.timeout(600)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLOATING = "div[data-radix-popper-content-wrapper"
"""Menus and tooltips stand at the document's end, outside of its landmarks: they belong to
what opened them, and are read there."""
LOOKS = {"light": LIGHT, "dark": DARK}
ON_A_PHONE: tuple[View, ...] = (empty, unfolded, cited, attaching, menu, settings, palette)
"""What is laid out differently there."""


async def violations(page: Page) -> list[str]:
    """Each with its rule and where it is."""
    await still(page)
    found: dict[str, Any] = await page.evaluate(
        "tags => axe.run({ runOnly: { type: 'tag', values: tags } })", TAGS
    )
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}"
        f" {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
        if not (rule["id"] == "region" and str(node["target"][0]).startswith(FLOATING))
    ]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
@pytest.mark.parametrize("context", LOOKS.values(), ids=LOOKS, indirect=True)
async def test_axe_finds_nothing(
    served: Served, context: BrowserContext, faults: Faults, view: View
) -> None:
    await looks(served, context, faults, view)


@pytest.mark.parametrize("view", ON_A_PHONE, ids=lambda view: view.__name__)
@pytest.mark.parametrize("context", [PHONE], ids=["phone"], indirect=True)
async def test_axe_finds_nothing_on_a_phone(
    served: Served, context: BrowserContext, faults: Faults, view: View
) -> None:
    await looks(served, context, faults, view)


async def looks(served: Served, context: BrowserContext, faults: Faults, view: View) -> None:
    if view is nowhere:
        faults.expect_status(404)
    session_id = await seed_all(served.client)
    await context.add_init_script(path=PACKAGES / AXE)
    page = await context.new_page()
    # What moves in is transparent for a moment, which is no colour to judge.
    await page.emulate_media(reduced_motion="reduce")
    await view(page, served.url, session_id)
    found = await violations(page)
    assert not found, "\n".join(found)
