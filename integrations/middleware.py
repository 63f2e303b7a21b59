"""What every request passes first: its ids, and what a browser may load for the answer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.errors import Fault, Unreadable, gettext_noop
from core.ids import new_id
from integrations import mishaps, sandbox, throttling
from integrations.context import RequestContext, current
from integrations.monitoring.observing import observed
from integrations.problems import is_api, problem_response

Answer = Callable[[HttpRequest], HttpResponse]

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")

STRICT_POLICY = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
# django-unfold: Alpine evaluates expressions, widgets write style attributes, icons are data URIs.
ADMIN_POLICY = (
    f"{STRICT_POLICY}; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)


class CorrelationMiddleware:
    """The outermost: gives the request its ids, and puts them and the rate limit on whatever answer comes out.

    ``X-Request-ID`` is always ours. ``X-Correlation-ID`` is the caller's, else the trace id of its ``traceparent``,
    else our request id; a malformed one is refused on the machine's paths and ignored elsewhere.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = f"req_{new_id().hex}"
        context = RequestContext(request_id, _correlation_id(request) or request_id, client_address(request))
        here, limit, fresh = current.set(context), throttling.standing.set(None), sandbox.standing.set(None)
        try:
            answer = observed(request, self._answer) if _is_machines(request) else self._answer(request)
            response = mishaps.befall(answer, request)
            rate = throttling.standing.get()
        finally:
            current.reset(here)
            throttling.standing.reset(limit)
            sandbox.standing.reset(fresh)
        response["X-Request-ID"] = context.request_id
        response["X-Correlation-ID"] = context.correlation_id
        for name, value in rate.headers.items() if rate else ():
            response[name] = value
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if is_api(request) and _has_malformed_id(request):
            message = gettext_noop("X-Correlation-ID takes 1 to 128 characters out of A-Z a-z 0-9 . _ : -")
            fault = Fault("correlation_id_invalid", message, header="X-Correlation-ID")
            return problem_response(Unreadable(fault.code, message, faults=[fault]), request)
        return self.get_response(request)


class ContentSecurityPolicyMiddleware:
    """Everything from our own origin, and nothing inline; the admin's theme alone needs more.

    A view that needs another policy sets the header itself.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = ADMIN_POLICY if _is_admin(request) else STRICT_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


def _is_machines(request: HttpRequest) -> bool:
    """Whether it is a call that is counted: of the API, or for an access token to it."""
    return is_api(request) or request.path_info.startswith("/oauth/")


def client_address(request: HttpRequest) -> str:
    """The peer's IP address; behind TRUSTED_PROXIES proxies, the one that the outermost of them saw.

    Each proxy appends its own peer to X-Forwarded-For, so only the last entries are theirs: what stands before them
    was written by the caller and is worth nothing.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and hops:
        peer = hops[-min(settings.TRUSTED_PROXIES, len(hops))]
    return _plain_address(peer)


def _plain_address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""  # a Unix socket has no address
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _correlation_id(request: HttpRequest) -> str:
    """What the caller sent, if it can be used."""
    sent: str = request.META.get("HTTP_X_CORRELATION_ID", "")
    if _CORRELATION_ID.fullmatch(sent):
        return sent
    trace = _TRACEPARENT.fullmatch(request.META.get("HTTP_TRACEPARENT", "").strip())
    return trace[1] if trace else ""


def _has_malformed_id(request: HttpRequest) -> bool:
    sent: str | None = request.META.get("HTTP_X_CORRELATION_ID")
    return sent is not None and not _CORRELATION_ID.fullmatch(sent)


def _is_admin(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and "admin" in match.app_names
