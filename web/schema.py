"""Writes the page's types of the API: `python web/schema.py`, with Squid installed.

`src/api/schema.d.ts` is made from the server's own OpenAPI document by openapi-typescript,
and not committed. The page is built without it: only the type checker reads it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from squid.http.openapi import document
from squid.http.routes import ROUTES
from web import build, node
from web.node import Node, NodeError

WEB = Path(__file__).parent
TYPES = WEB / "src" / "api" / "schema.d.ts"


def write(found: Node) -> None:
    """Write the types, where they are others than those that are there."""
    with tempfile.TemporaryDirectory() as folder:
        api, types = Path(folder) / "api.json", Path(folder) / "schema.d.ts"
        api.write_text(json.dumps(document(ROUTES)), "utf-8")
        done = found.run("openapi-typescript/bin/cli.js", api, "--output", types)
        if done.returncode:
            raise NodeError(f"The types could not be written:\n{done.stdout}{done.stderr}")
        text = types.read_text("utf-8")
    if not TYPES.exists() or TYPES.read_text("utf-8") != text:
        TYPES.write_text(text, "utf-8")


def main() -> None:
    found = node.find()
    if found is None:
        sys.exit("There is no Node.js 20.19, 22.12 or newer with npm on this machine.")
    try:
        with build.alone():
            node.install(found, dev=True)
            write(found)
    except NodeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
