"""The embedded model's own process; `local.py` starts it and talks to it.

It is a process of its own so that llama.cpp's busy threads never hold up the event
loop, and so that a native crash ends one answer and not the server. Its settings come
as one line of JSON through stdin, because a command line (and the key in it) can be
read by everybody on the machine. Stdin then stays open for as long as the parent
lives: its end is the one sign of a parent's death, `kill -9` too, that exists on every
system.

Stdout gets one line, the address that it listens on. Stderr gets llama.cpp's log.
It is run by its path, so it imports nothing of Squid's.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import msgspec


class Settings(msgspec.Struct, frozen=True):
    path: str
    """The GGUF file."""
    name: str
    """What the answers call the model, in place of its path."""
    key: str
    context_tokens: int
    """Of each slot: prompt and answer together."""
    slots: int
    """How many answers are written at once."""
    threads: int
    debug: bool = False


def main() -> None:
    # Ctrl-C reaches every process of the terminal; only the parent knows when the
    # answers are safe and the model may go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    threading.Thread(target=die_with_parent, daemon=True).start()
    # Whatever native code prints must not be taken for the address.
    parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        server = serve(settings)
    except RuntimeError:
        sys.exit(1)  # llama.cpp has said why on stderr
    print(server.listening_address, file=parent, flush=True)
    threading.Event().wait()


def serve(settings: Settings) -> Any:
    """Load the model and listen. Raises RuntimeError if llama.cpp cannot."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings.path
    params.model_alias = {settings.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings.key]
    params.n_parallel = settings.slots
    params.n_ctx = settings.context_tokens * settings.slots
    params.cpuparams.n_threads = settings.threads
    params.cpuparams_batch.n_threads = settings.threads
    # The default keeps old prompts in up to 8 GiB of memory; a slot has its last one
    # at hand anyway.
    params.cache_ram_mib = 0
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 3 if settings.debug else 1
    return xllamacpp.Server(params)


def die_with_parent() -> None:
    # From the file descriptor: a thread inside sys.stdin would hold its lock, and the
    # interpreter's own end would wait for it.
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
