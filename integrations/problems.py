"""Problem details (RFC 9457): the one form in which the machine's door says no.

``code`` is stable and documented, ``title`` and ``detail`` follow ``Accept-Language`` (Spanish unless English is
asked for), ``type`` is ``<BASE_URL>/problems/<code>``. Every fault of the request is listed at once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatch
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils import translation
from django.utils.translation import gettext
from django.views import defaults
from rest_framework import exceptions
from rest_framework.settings import api_settings

from core.errors import Fault, Forbidden, Invalid, NotFound, Refusal, Unauthenticated, Unreadable, gettext_noop
from integrations.context import current
from integrations.errors import (
    Broken,
    MethodNotAllowed,
    NotAcceptable,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from integrations.pointers import pointer
from integrations.versions import version_of, within

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
MAX_ERRORS = 100
CHALLENGE = "Bearer"

TITLES: Mapping[int, str] = {
    400: gettext_noop("The request cannot be read"),
    401: gettext_noop("Not authenticated"),
    403: gettext_noop("Not allowed"),
    404: gettext_noop("Not found"),
    405: gettext_noop("Method not allowed"),
    406: gettext_noop("Not acceptable"),
    409: gettext_noop("In conflict with the present state"),
    412: gettext_noop("Changed in the meantime"),
    413: gettext_noop("Too large"),
    415: gettext_noop("Unsupported media type"),
    422: gettext_noop("The request has faults"),
    429: gettext_noop("Too many requests"),
    500: gettext_noop("Internal error"),
    503: gettext_noop("Not available"),
}


class ProblemResponse(HttpResponse):
    """A refusal's answer, with its code for who counts them."""

    def __init__(self, code: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code = code


def is_api(request: HttpRequest) -> bool:
    """Whether a machine is asking, who must be answered in JSON whatever happens."""
    return request.path_info.startswith(API_PREFIX)


def problem_response(refusal: Refusal, request: HttpRequest) -> HttpResponse:
    """The answer that a refusal becomes, in the caller's language, for any view or middleware."""
    with translation.override(translation.get_language_from_request(request)):
        problem = _within(problem_of(refusal), version_of(request.path_info))
        body = json.dumps(problem, cls=DjangoJSONEncoder, ensure_ascii=False)
        language = translation.get_language()
    headers = {"Content-Language": language, "Cache-Control": "no-store", **refusal.headers}
    return ProblemResponse(refusal.code, body, status=refusal.status, content_type=CONTENT_TYPE, headers=headers)


def _within(problem: Mapping[str, object], version: str) -> dict[str, object]:
    """Links of ours lead to where the caller is at home."""
    return {
        name: within(value, version) if isinstance(value, str) and value.startswith(API_PREFIX) else value
        for name, value in problem.items()
    }


def problem_of(refusal: Refusal) -> dict[str, object]:
    """The problem's members, in the active language."""
    context = current.get()
    problem: dict[str, object] = {
        "type": f"{settings.BASE_URL}/problems/{refusal.code}",
        "title": gettext(TITLES[refusal.status]),
        "status": refusal.status,
        "detail": gettext(refusal.message) % refusal.params,
        "code": refusal.code,
        "request_id": context.request_id,
        "correlation_id": context.correlation_id,
        "errors": [error_of(fault) for fault in refusal.faults[:MAX_ERRORS]],
    }
    if len(refusal.faults) > MAX_ERRORS:
        problem["errors_truncated"] = True
    return problem | refusal.extra


def error_of(fault: Fault) -> dict[str, str]:
    """One fault as the problem lists it, in the active language."""
    place = {"pointer": fault.pointer, "parameter": fault.parameter, "header": fault.header}
    named = {name: value for name, value in place.items() if value is not None}
    return {**named, "code": fault.code, "detail": gettext(fault.message) % fault.params}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Django REST framework's hook. The unknown stays an exception: Django logs it, ``server_error`` answers."""
    refusal = refusal_of(exc)
    return problem_response(refusal, context["request"]) if refusal else None


# --- From anybody's exception to a refusal ---------------------------------------------------------------------------


@singledispatch
def refusal_of(_exc: Exception) -> Refusal | None:
    """The refusal that an exception stands for, or None when it is a defect of ours."""
    return None


@refusal_of.register
def _(exc: Refusal) -> Refusal:
    return exc


@refusal_of.register(exceptions.ParseError)
@refusal_of.register(UnreadablePostError)
def _(_exc: Exception) -> Refusal:
    return Unreadable("body_unreadable", gettext_noop("The body cannot be read."))


@refusal_of.register(exceptions.NotAuthenticated)
@refusal_of.register(exceptions.AuthenticationFailed)
def _(_exc: Exception) -> Refusal:
    return token_missing()


@refusal_of.register(exceptions.PermissionDenied)
@refusal_of.register(PermissionDenied)
def _(_exc: Exception) -> Refusal:
    return Forbidden("not_permitted", gettext_noop("This is not permitted."))


@refusal_of.register(exceptions.NotFound)
@refusal_of.register(Http404)
def _(_exc: Exception) -> Refusal:
    return NotFound("not_found", gettext_noop("There is no such thing here."))


@refusal_of.register
def _(_exc: exceptions.MethodNotAllowed) -> Refusal:
    return MethodNotAllowed("method_not_allowed", gettext_noop("The header Allow lists the methods of this resource."))


@refusal_of.register
def _(_exc: exceptions.NotAcceptable) -> Refusal:
    return NotAcceptable("not_acceptable", gettext_noop("Only application/json is available."))


@refusal_of.register
def _(_exc: exceptions.UnsupportedMediaType) -> Refusal:
    return UnsupportedMediaType("unsupported_media_type", gettext_noop("Send application/json in UTF-8."))


@refusal_of.register
def _(_exc: RequestDataTooBig) -> Refusal:
    return body_too_large()


@refusal_of.register
def _(_exc: SuspiciousOperation) -> Refusal:
    return Unreadable("bad_request", gettext_noop("The request was refused."))


@refusal_of.register
def _(exc: exceptions.Throttled) -> Refusal:
    headers = {"Retry-After": str(int(getattr(exc, "wait", None) or 1))}
    return TooManyRequests("rate_limited", gettext_noop("Too many calls; try again later."), headers=headers)


@refusal_of.register(OperationalError)
@refusal_of.register(InterfaceError)
def _(exc: Exception) -> Refusal:
    """The database went away, or ended one of two calls that waited for each other: a repeat may do better."""
    logger.error("the database failed the call", exc_info=exc)
    return database_unavailable()


@refusal_of.register
def _(exc: exceptions.ValidationError) -> Refusal:
    return Invalid(_faults_in(exc.detail, ()))


def database_unavailable() -> Unavailable:
    """Nothing was written, or nobody knows."""
    message = gettext_noop(
        "The database does not answer. Repeat the call with the same Idempotency-Key: what was written is not repeated."
    )
    return Unavailable("database_unavailable", message, headers={"Retry-After": "1"})


def token_missing() -> Unauthenticated:
    """The refusal of a call without a token."""
    message = gettext_noop("Send a token in the header Authorization: Bearer.")
    return Unauthenticated("token_missing", message, headers={"WWW-Authenticate": CHALLENGE})


def body_too_large() -> TooLarge:
    """The refusal of a body over the limit."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    message = gettext_noop("The body is over the limit of %(limit)s bytes.")
    return TooLarge("body_too_large", message, params={"limit": limit})


def _faults_in(detail: object, path: tuple[str | int, ...]) -> Iterator[Fault]:
    """Every fault of a serializer's nested answer, with the pointer to its place."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _faults_in(inner, path if name == api_settings.NON_FIELD_ERRORS_KEY else (*path, name))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for index, inner in enumerate(detail):
            yield from _faults_in(inner, path if isinstance(inner, str) else (*path, index))
    else:
        code = getattr(detail, "code", None) or "invalid"
        yield Fault(code, "%(text)s", pointer=pointer(*path), params={"text": str(detail)})


# --- Django's own last resorts (config.urls names them) --------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for whatever Django refused before any view was asked."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return problem_response(_known(exception), request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 outside of Django REST framework's views."""
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return problem_response(_known(exception), request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for a path that nobody serves."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_response(_known(exception), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 without internals; Django has just logged the traceback under the same request id."""
    if not is_api(request):
        return defaults.server_error(request)
    return problem_response(broken(), request)


def broken() -> Broken:
    """Our own fault, to be found in the log by its request id."""
    return Broken("internal_error", gettext_noop("We failed; nothing was written. Tell us the request id."))


def unavailable(*, waiting_for: Sequence[str]) -> Unavailable:
    """Not ready, and what is missing."""
    message = gettext_noop("Not ready: %(waiting_for)s.")
    return Unavailable("not_ready", message, params={"waiting_for": ", ".join(waiting_for)})


def _known(exception: Exception) -> Refusal:
    return refusal_of(exception) or broken()
