"""A model's server on loopback that does as it is told; `script` is how it is told."""

from tests.upstream.server import Upstream

__all__ = ["Upstream"]
