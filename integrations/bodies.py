"""Bodies that come without a length: chunked HTTP/1.1, and HTTP/2.

Django reads a request without Content-Length as empty, and would issue for a body that it never saw. The server ends
the input by itself (``wsgi.input_terminated``), so the length can be found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

LIMIT = 6 * 1024 * 1024
"""Enough for the parser to see that the contract's limit was passed."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_known_length(application: Application) -> Application:
    """The WSGI ``application``, with CONTENT_LENGTH set for every body that the server itself terminates."""

    def measured(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _has_unknown_length(environ):
            body = environ["wsgi.input"].read(LIMIT)
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return application(environ, start_response)

    return measured


def _has_unknown_length(environ: dict[str, Any]) -> bool:
    if environ["REQUEST_METHOD"] in {"GET", "HEAD", "OPTIONS"} or environ.get("CONTENT_LENGTH"):
        return False
    return bool(environ.get("wsgi.input_terminated"))
