"""What a later version replaces says so in every answer (RFC 9745, RFC 8594), until its last day.

A view names the methods whose answers are replaced: ``replaced_in_v2 = ("GET", "POST")``. The rest of v1 is as good as
v2's and bears no such marks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import http_date

from integrations.versions import CURRENT, VERSIONS, version_of, within

DEPRECATED_ON = datetime(2026, 12, 1, tzinfo=UTC)
SUNSET = datetime(2028, 3, 31, 23, 59, 59, tzinfo=UTC)
"""v1's last day: at a quarter's end, since nobody should change programs while a year is being closed."""
PAGE = "docs/migrating-to-v2"

Answer = Callable[[HttpRequest], HttpResponse]


class DeprecationMiddleware:
    """Marks the answers of v1 that v2 replaces, also where it is the first answer again. A refusal is the same in
    both."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 and is_replaced(request):
            for name, value in marks(request.get_full_path()).items():
                response[name] = value
        return response


def is_replaced(request: HttpRequest) -> bool:
    """Whether another version answers this call in another way."""
    match = request.resolver_match
    view = getattr(match.func, "cls", None) if match else None
    replaced: tuple[str, ...] = getattr(view, "replaced_in_v2", ())
    return request.method in replaced and version_of(request.path) == VERSIONS[0]


def marks(path: str) -> dict[str, str]:
    """The headers for an answer of this path. HTTP dates are in GMT, whatever the example of RFC 9745 says."""
    links = {
        "successor-version": f"{settings.BASE_URL}{within(path, CURRENT)}",
        "deprecation": f"{settings.BASE_URL}/{PAGE}",
        "sunset": f"{settings.BASE_URL}/{PAGE}",
    }
    return {
        "Deprecation": f"@{int(DEPRECATED_ON.timestamp())}",
        "Sunset": http_date(SUNSET.timestamp()),
        "Link": ", ".join(f'<{address}>; rel="{relation}"' for relation, address in links.items()),
    }


def explain_migration(request: HttpRequest) -> HttpResponse:
    """The page to which the links lead, as it is written (RFC 7763)."""
    del request  # the framework's signature
    page = settings.BASE_DIR / f"{PAGE}.md"
    if not page.exists():
        raise Http404
    return HttpResponse(page.read_bytes(), content_type="text/markdown; charset=utf-8; variant=GFM")
