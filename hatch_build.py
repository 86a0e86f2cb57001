"""Builds the page along with the package: see web/build.py, which does it."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[BuilderConfig]):
    def dependencies(self) -> list[str]:
        """Node, where there is a page to build and the machine has none to build it."""
        build, node = self._page()
        if not build.is_wanted() or build.is_fresh() or node.on_path():
            return []
        return [node.WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build, node = self._page()
        if not build.is_wanted():
            return
        try:
            build.build()
        except node.NodeError as error:
            self.app.abort(
                f"{error}\n\nTo install Squid without its page, set {build.SWITCH}=0."
                " It then serves the API, and the command line."
            )

    def _page(self) -> Any:
        if self.root not in sys.path:
            sys.path.insert(0, self.root)
        from web import build, node

        return build, node
