"""What can go wrong between Squid and a Messages API server, as ProviderErrors.

A message says what happened in words a person understands, with the server's own words
where it gave some; its hint says what to do. The key is never in any of them.
"""

from __future__ import annotations

import contextlib
import email.utils
import math
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from squid.errors import (
    ProviderAuth,
    ProviderConfused,
    ProviderCut,
    ProviderError,
    ProviderLimited,
    ProviderOverloaded,
    ProviderRejected,
    ProviderSilent,
    ProviderUnreachable,
)

ERROR_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What the types of `error` events would have been as an HTTP status."""


class Failures:
    """Makes the errors of the server at `url`, for the provider `name` of the settings."""

    def __init__(self, *, name: str, url: str, key: str, silence_seconds: float) -> None:
        self._name = name
        self._url = url
        self._key = key
        self._silence_seconds = silence_seconds

    def check_key(self) -> None:
        if not self._key:
            raise ProviderAuth("There is no API key for the model's server.", hint=self._key_hint)
        if not re.fullmatch(r"[\x21-\x7e]+", self._key):
            raise ProviderAuth(
                "The API key has a space, a line break or another sign that no key has.",
                hint=self._key_hint,
            )

    def check_url(self) -> None:
        with contextlib.suppress(ValueError):
            parts = urlsplit(self._url)
            web = parts.scheme in ("http", "https") and not parts.fragment
            if web and parts.hostname and parts.port != 0:
                return
        raise ProviderUnreachable(
            "The base_url of the model's server is not an address.",
            hint="It looks like https://api.anthropic.com or http://127.0.0.1:11434.",
        )

    @property
    def _key_hint(self) -> str:
        return f"Check ANTHROPIC_API_KEY, or api_key under [provider.{self._name}] in squid.toml."

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Turn whatever goes wrong before an answer begins into a ProviderError. Neither
        here nor below is one chained: what they carry along includes the request with
        its key."""
        import aiohttp
        import httpx2

        try:
            yield
        except httpx2.ConnectTimeout as error:
            raise self._unreachable(error) from None
        except httpx2.TimeoutException:
            raise self._silent() from None
        except (
            *(httpx2.HTTPError, httpx2.InvalidURL, aiohttp.ClientError, OSError),
            ValueError,  # a name that no host can have
        ) as error:
            raise self._unreachable(error) from None

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """The same, from the beginning of an answer on."""
        import aiohttp
        import httpx2

        try:
            yield
        except httpx2.TimeoutException:
            raise self._silent() from None
        except httpx2.DecodingError:
            raise self.not_the_api("") from None
        except (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError):
            raise ProviderCut(
                f"The connection to {self._where} broke in the middle of the answer.",
                hint="Let it continue, or try again.",
                retryable=True,
            ) from None

    @property
    def _where(self) -> str:
        """The server's name for a person, without what an address may also hold."""
        parts = urlsplit(self._url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def _silent(self) -> ProviderSilent:
        seconds = self._silence_seconds
        return ProviderSilent(
            f"{self._where} sent nothing for {seconds} seconds.",
            hint=f"Try again, or raise silence_seconds under [provider.{self._name}].",
            retryable=True,
        )

    def _unreachable(self, cause: BaseException | None) -> ProviderUnreachable:
        why = self._readable(str(cause or ""))
        return ProviderUnreachable(
            f"{self._where} cannot be reached{f': {why}' if why else '.'}",
            hint="Check the network, and base_url if it was changed.",
            retryable=True,
        )

    def not_the_api(self, media_type: str) -> ProviderConfused:
        kind = media_type.partition(";")[0] or "something unknown"
        return ProviderConfused(
            f"{self._where} answered with {kind}, not as a Messages API does.",
            hint="Check that base_url is the address of a server with a Messages API.",
        )

    def by_type(self, kind: str, message: str) -> ProviderError:
        return self._refused(ERROR_STATUS.get(kind, 500), message)

    def by_status(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        request_id = headers.get("request-id")
        return self._refused(
            status,
            _said(_read(body)),
            retry_after=retry_after(headers),
            **({"upstream_request_id": request_id} if request_id else {}),
        )

    def _refused(
        self, status: int, message: str, *, retry_after: float | None = None, **members: Any
    ) -> ProviderError:
        """The error for an HTTP status and the server's own words."""
        where, said = self._where, self._readable(message)
        because = f": {said}" if said else "."
        match status:
            case 401 | 403:
                what = "does not accept the API key" if status == 401 else "does not allow this"
                return ProviderAuth(f"{where} {what}{because}", hint=self._key_hint, **members)
            case 429:
                wait = f" in {math.ceil(retry_after)} seconds" if retry_after else " in a while"
                return ProviderLimited(
                    f"{where} limits how much may be asked{because}",
                    hint=f"Try again{wait}.",
                    retryable=True,
                    retry_after=retry_after,
                    **members,
                )
            case 408 | 409 | 425 | _ if status >= 500 or status in (408, 409, 425):
                state = "is overloaded" if status in (503, 529) else f"has a problem ({status})"
                return ProviderOverloaded(
                    f"{where} {state}{because}",
                    hint="Try again in a moment.",
                    retryable=True,
                    retry_after=retry_after,
                    **members,
                )
            case _ if status < 400:
                return ProviderConfused(
                    f"{where} answered with a redirect ({status}) to another address.",
                    hint=f"Set base_url under [provider.{self._name}] to the final address.",
                    **members,
                )
        hints = {
            402: "Check the billing of the account that the key belongs to.",
            404: f"Check the model's name, and base_url under [provider.{self._name}].",
            413: "Send fewer or smaller files, or start a new conversation.",
        }
        hint = hints.get(status, "Change the message, its files or the model, and try again.")
        return ProviderRejected(
            f"{where} refused the request ({status}){because}", hint=hint, **members
        )

    def _readable(self, text: str) -> str:
        """Foreign words, fit for a person: one line, not endless, never with the key."""
        if self._key:
            text = text.replace(self._key, "[the key]")
        text = " ".join(text.split())
        return text if len(text) <= 500 else text[:500] + "…"


def _read(body: bytes) -> object:
    """JSON, or a text that is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode(errors="replace").strip()


def _said(body: object) -> str:
    """The server's own words in an error's body, of whatever shape; empty for a page."""
    if isinstance(body, dict):
        for key in ("error", "message", "detail"):
            if key in body:
                return _said(body[key])
        return ""
    if not isinstance(body, str) or body.lstrip().startswith("<"):
        return ""
    return body


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or a date); None
    where there is no such header or it makes no sense."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        with contextlib.suppress(ValueError):
            seconds = float(headers.get(name, "")) / unit
            if 0 <= seconds < math.inf:
                return seconds
    with contextlib.suppress(ValueError, TypeError):
        when = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, when.timestamp() - (time.time() if now is None else now))
    return None
