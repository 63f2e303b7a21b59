"""Every call at the machine's door: counted, and one line of log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from integrations.monitoring.counting import Call, Group, operation_of, tally_of, under_way
from integrations.monitoring.keeping import count
from integrations.problems import ProblemResponse

logger = logging.getLogger(__name__)


def observed(request: HttpRequest, answer: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """The answer to a call, which is counted by how it ended and how long it took.

    The line of log names the route, never the path, its query or a body: callers put anything there.
    """
    call, began = Call(), time.perf_counter()
    token = under_way.set(call)
    try:
        response = answer(request)
    finally:
        under_way.reset(token)
    ms = int((time.perf_counter() - began) * 1_000)
    operation = operation_of(request)
    code = response.code if isinstance(response, ProblemResponse) else ""
    count(
        Group(int(time.time()) // 60, call.token_id, operation, response.status_code, code),
        tally_of(ms=ms, is_deprecated="Deprecation" in response, is_unkeyed_repeat=call.is_unkeyed_repeat),
    )
    fields = {"operation": operation, "status": response.status_code, "code": code, "ms": ms}
    logger.info("call", extra={"fields": {**fields, "token": str(call.token_id or "")}})
    return response
