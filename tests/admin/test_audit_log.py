"""The audit log: read, searched, taken away; never written in."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.test import Client as Browser
from django.urls import reverse

from audit.models import AuditEntry, Outcome
from audit.services import Subject, record
from core.actors import Actor, ActorKind
from tests.builders import MARIA, SHOP

LIST = reverse("admin:audit_auditentry_changelist")
EXPORT = reverse("admin:audit_auditentry_export")


@pytest.fixture
def entries(db: None) -> dict[str, AuditEntry]:
    record("invoice.issued", by=MARIA, subject=Subject("invoice", "id-1", "A-2026-00001"), after={"n": "ñ"})
    record("invoice.issued", by=SHOP, subject=Subject("invoice", "id-2"), outcome=Outcome.REFUSED, reason="=1+1")
    record("user.logged_in", by=Actor(ActorKind.USER, "9", "lucia"))
    return dict(zip(("issued", "refused", "login"), AuditEntry.objects.order_by("id"), strict=True))


def shown(browser: Browser, query: str = "") -> set[int]:
    results = browser.get(LIST + query).context["cl"].result_list
    return {entry.id for entry in results}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"issued", "refused", "login"}),
        ("?actor=maria", {"issued"}),
        ("?action=user.logged_in", {"login"}),
        ("?outcome=refused", {"refused"}),
        ("?subject=id-2", {"refused"}),
        ("?correlation_id=corr-1", {"issued"}),
        ("?at_from=2020-01-01&at_to=2020-12-31", set()),
        ("?at_from=2020-01-01", {"issued", "refused", "login"}),
        ("?q=A-2026-00001", {"issued"}),
        ("?q=shop", {"refused"}),
        ("?q=id-1", {"issued"}),
        ("?q=corr-3", {"refused"}),
        ("?q=nobody", set()),
        ("?actor=%00", {"issued", "refused", "login"}),
    ],
)
def test_entries_are_found(auditor: Browser, entries: dict[str, AuditEntry], query: str, found: set[str]):
    assert shown(auditor, query) == {entries[name].id for name in found}


def test_an_entry_shows_who_did_what(auditor: Browser, entries: dict[str, AuditEntry]):
    page = auditor.get(reverse("admin:audit_auditentry_change", args=[entries["issued"].id])).content.decode()
    for text in ("user:maria", "invoice.issued", "A-2026-00001", "req-1", "corr-1", "127.0.0.1"):
        assert text in page


def test_whom_a_token_acted_for_is_shown(auditor: Browser, db: None):
    record("invoice.issued", by=Actor(ActorKind.TOKEN, "t", "shop", on_behalf_of="Lucía"))
    assert "token:shop (Lucía)" in auditor.get(LIST).content.decode()


def test_nobody_writes_in_it(administrator: Browser, entries: dict[str, AuditEntry]):
    url = reverse("admin:audit_auditentry_change", args=[entries["issued"].id])
    assert administrator.post(url, {"action": "nothing"}).status_code == 403
    assert administrator.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403


def exported(browser: Browser, query: str = "") -> list[dict[str, str]]:
    answer = browser.get(EXPORT + query)
    assert answer["Content-Disposition"] == 'attachment; filename="audit.csv"'
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_what_is_shown_can_be_taken_away(auditor: Browser, entries: dict[str, AuditEntry]):
    [row] = exported(auditor, "?actor=maria")
    assert (row["action"], row["subject_label"], json.loads(row["after"])) == (
        "invoice.issued",
        "A-2026-00001",
        {"n": "ñ"},
    )
    assert "reason" in row


def test_a_spreadsheet_takes_nothing_for_a_formula(auditor: Browser, entries: dict[str, AuditEntry]):
    [row] = exported(auditor, "?outcome=refused")
    assert row["reason"] == "'=1+1"


def test_taking_it_away_is_written_down(auditor: Browser, entries: dict[str, AuditEntry]):
    exported(auditor, "?actor=maria")
    entry = AuditEntry.objects.get(action="audit.exported")
    assert (entry.actor_name, entry.after) == ("irene", {"filter": {"actor": "maria"}})


def test_the_export_keeps_the_list_filter(auditor: Browser, entries: dict[str, AuditEntry]):
    assert f"{EXPORT}?actor=maria" in auditor.get(f"{LIST}?actor=maria").content.decode()
