"""Refusals that only the machine's door knows: those about the request itself."""

from __future__ import annotations

from core.errors import Refusal


class MethodNotAllowed(Refusal):
    """The resource has no such method (405)."""

    status = 405


class NotAcceptable(Refusal):
    """The caller accepts no form that we have (406)."""

    status = 406


class TooLarge(Refusal):
    """The body is over the contract's limit (413)."""

    status = 413


class UnsupportedMediaType(Refusal):
    """The body is not JSON (415)."""

    status = 415


class Unprocessable(Refusal):
    """Well-formed and refused as a whole: there is no fault to point at in the body (422)."""

    status = 422


class TooManyRequests(Refusal):
    """The token's calls of this minute are used up (429)."""

    status = 429


class Broken(Refusal):
    """Our own fault (500); the reason is in the log, under the request's id."""

    status = 500


class Unavailable(Refusal):
    """Not able to serve at this moment (503)."""

    status = 503
