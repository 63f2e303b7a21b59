"""Whether this process lives, and whether it may be sent work. No authentication, no secrets, never cached."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from integrations import deployment
from integrations.models import WorkerHeartbeat
from integrations.problems import problem_response, unavailable
from integrations.services.encryption import newest_is_readable

logger = logging.getLogger(__name__)

SILENT_AFTER = timedelta(seconds=60)
"""A background step that gave no sign of life for so long is taken for dead."""


_applied: list[bool] = []


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers; touches nothing else."""
    del request  # the framework's signature
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, is migrated and not fenced, and each background step went round; else 503."""
    missing = what_is_missing()
    if missing:
        return problem_response(unavailable(waiting_for=missing), request)
    return JsonResponse({"status": "ready"}, headers={"Cache-Control": "no-store"})


def what_is_missing() -> list[str]:
    """Out of ``database``, ``migrations``, ``deployment`` (it is fenced), ``encryption_keys`` and ``worker``: what this
    installation still lacks to do its work."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated():
            return ["migrations"]
        if deployment.standing().is_fenced:
            return ["deployment"]
        if not newest_is_readable():
            logger.error("no key of ENCRYPTION_KEYS fits what is stored: is it the same on every machine?")
            return ["encryption_keys"]
        return [] if _steps_are_alive() else ["worker"]
    except DatabaseError:
        logger.exception("the database does not answer")
        return ["database"]


def _steps_are_alive() -> bool:
    """Each step that ever gave a sign of life gave one lately, and there is one at all."""
    signs = list(WorkerHeartbeat.objects.values_list("at", flat=True))
    return bool(signs) and min(signs) > timezone.now() - SILENT_AFTER


def _is_migrated() -> bool:
    """Asked until it is so: this process's migrations do not change, and what was applied stays."""
    if not _applied:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            _applied.append(True)
    return bool(_applied)
