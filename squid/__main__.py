"""`python -m squid`, and the console script."""

from __future__ import annotations

import os
import signal
import sys
from io import TextIOWrapper


def main() -> None:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C while a command is being imported just ends it, without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A stream that was closed (`>&-`) is None, which nobody expects.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Where it is not UTF-8, a sign that it lacks must not end the command.
            stream.reconfigure(errors="replace")
    from squid.cli import main

    main()


if __name__ == "__main__":
    main()
