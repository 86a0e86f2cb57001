"""Every error that Squid can tell a person or a program about.

A class is a kind of error: `code` is stable and ends up in the problem's `type`,
`status` is what HTTP says, and the docstring's first line is its title (RFC 9457).
The instance adds what happened this time (`detail`) and what to do (`hint`).
"""

from __future__ import annotations

from typing import Any, ClassVar


class SquidError(Exception):
    """Something went wrong"""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, detail: str, *, hint: str | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.members = members
        """Further members of the problem object, such as `run_id`; must be JSON."""

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or "").partition("\n")[0]


class InvalidRequest(SquidError):
    """The request is not valid"""

    code = "invalid-request"
    status = 422


class MalformedBody(InvalidRequest):
    """The body cannot be read"""

    code = "malformed-body"
    status = 400


class NotFound(SquidError):
    """There is no such thing, or it is not yours"""

    code = "not-found"
    status = 404


class Forbidden(SquidError):
    """Whoever asks may not use this server"""

    code = "forbidden"
    status = 403


class Unauthorized(SquidError):
    """The server's token is missing or wrong"""

    code = "unauthorized"
    status = 401


class RateLimited(SquidError):
    """This address has asked too often"""

    code = "rate-limited"
    status = 429


class RequestTimeout(SquidError):
    """The request took too long to come"""

    code = "request-timeout"
    status = 408


class HeadersTooLarge(SquidError):
    """The request's address and headers are larger than allowed"""

    code = "headers-too-large"
    status = 431


class MethodNotAllowed(SquidError):
    """This address does not take that method"""

    code = "method-not-allowed"
    status = 405


class Conflict(SquidError):
    """It does not go together with what is there"""

    code = "conflict"
    status = 409


class RunInProgress(Conflict):
    """An answer is being written in this session"""

    code = "run-in-progress"


class IdTaken(Conflict):
    """The id was already used for something else"""

    code = "id-taken"


class TooLarge(SquidError):
    """It is larger than allowed"""

    code = "too-large"
    status = 413


class UnsupportedMedia(SquidError):
    """This kind of content is not taken here"""

    code = "unsupported-media"
    status = 415


class RangeNotSatisfiable(SquidError):
    """There are no such bytes in it"""

    code = "range-not-satisfiable"
    status = 416


class ConfigError(SquidError):
    """The configuration is not valid"""

    code = "config"


class DatabaseError(SquidError):
    """The database cannot be used"""

    code = "database"


class DatabaseBusy(DatabaseError):
    """The database is locked by another program"""

    code = "database-busy"
    status = 503


class DiskFull(DatabaseError):
    """There is no room left on the disk"""

    code = "disk-full"
    status = 507


class MigrationError(DatabaseError):
    """The database cannot be brought to this program's version"""

    code = "migration"


class ServerUnavailable(SquidError):
    """The server cannot take this now"""

    code = "unavailable"
    status = 503


class ProviderError(SquidError):
    """The model could not answer

    `retryable` says that the same request may succeed later; `retry_after` is the
    wait in seconds that the model's server asked for, if it did.
    """

    code = "provider"
    status = 502

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail, hint=hint, **members)
        self.retryable = retryable
        self.retry_after = retry_after


class NoProvider(ProviderError):
    """There is no model to ask"""

    code = "no-provider"
    status = 503


class ProviderAuth(ProviderError):
    """The model's server refused the key"""

    code = "provider-auth"


class ProviderRejected(ProviderError):
    """The model's server refused the request"""

    code = "provider-rejected"


class ProviderLimited(ProviderError):
    """The model's server limits how much may be asked"""

    code = "provider-limited"


class ProviderOverloaded(ProviderError):
    """The model's server is overloaded"""

    code = "provider-overloaded"


class ProviderUnreachable(ProviderError):
    """The model's server cannot be reached"""

    code = "provider-unreachable"


class ProviderSilent(ProviderError):
    """The model's server stopped sending"""

    code = "provider-silent"


class ProviderCut(ProviderError):
    """The model's answer was cut off"""

    code = "provider-cut"


class ProviderConfused(ProviderError):
    """The model's server sent something that cannot be understood"""

    code = "provider-confused"
