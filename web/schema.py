"""Writes the page's types of the API: `python web/schema.py`, with Squid installed.

`src/api/schema.d.ts` is made from the server's own OpenAPI document by openapi-typescript,
and not committed. The page is built without it: only the type checker reads it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from squid.http.openapi import document
from squid.http.routes import ROUTES

WEB = Path(__file__).parent
TYPES = WEB / "src" / "api" / "schema.d.ts"


def main() -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as api:
        json.dump(document(ROUTES), api)
        api.flush()
        command = ["node", WEB / "node_modules/openapi-typescript/bin/cli.js"]
        subprocess.run([*command, api.name, "--output", TYPES], check=True)


if __name__ == "__main__":
    main()
