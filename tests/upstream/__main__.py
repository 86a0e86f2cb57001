"""`python -m tests.upstream --port 0`: prints its URL as the first line, then serves.

With `--until-stdin-closes` it ends when whoever holds the other end of stdin does. With
`--careless` it takes any question as it is and remembers none, so that what is measured is
whoever asks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from tests.upstream.server import Upstream


async def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.upstream")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--until-stdin-closes", action="store_true")
    parser.add_argument("--careless", action="store_true")
    options = parser.parse_args()
    async with Upstream.start(port=options.port, careless=options.careless) as upstream:
        print(upstream.url, flush=True)
        if options.until_stdin_closes:
            await asyncio.to_thread(sys.stdin.buffer.read)
        else:
            await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        try:
            import uvloop
        except ImportError:
            asyncio.run(main())
        else:
            uvloop.run(main())
