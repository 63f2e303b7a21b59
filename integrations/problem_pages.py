"""What a problem's ``type`` leads to: the code's line of ``docs/errors.md``, which a test holds to the source."""

from __future__ import annotations

import re
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

_LINE = re.compile(r"^\| (`.+?`) \| (.+) \|$", re.MULTILINE)


def explain(request: HttpRequest, code: str) -> HttpResponse:
    """The explanation of a code, as plain text; 404 for one that does not exist."""
    del request  # the framework's signature
    if code not in explanations():
        raise Http404
    return HttpResponse(f"{code}: {explanations()[code]}\n", content_type="text/plain; charset=utf-8")


@cache
def explanations() -> dict[str, str]:
    """Every code with what it means, and what to do."""
    page = (settings.BASE_DIR / "docs" / "errors.md").read_text(encoding="utf-8")
    return {
        code: text.replace("`", "") for codes, text in _LINE.findall(page) for code in re.findall(r"`(\w+)`", codes)
    }
