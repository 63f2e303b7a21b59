"""Permissions hold at every address, whatever the menu shows: every address, asked by every group."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Document, Invoice, Payment, Series
from billing.services.payments import record_payment
from clients.models import Client
from core.modes import Mode
from integrations.models import Alert, ApiToken, Event, Notice, WebhookDelivery, WebhookEndpoint
from integrations.services.alerting import notify, raise_alert
from integrations.services.tokens import create_token
from integrations.services.trying import ping
from tests import builders
from tests.admin.people import GROUPS, browser_of
from tests.hooks import an_endpoint
from tests.verifactu.answers import an_inquiry, answer
from verifactu.models import Chain, FiscalRecord

EVERYBODY = set(GROUPS)
STAFF = EVERYBODY - {"inspector"}
FINANCE = {"finance", "approver", "admin"}
ISSUERS = {"approver", "admin"}
READERS = {"auditor", "admin"}
ADMIN = {"admin"}
NOBODY: set[str] = set()

VIEW = {"billing": STAFF, "clients": STAFF, "verifactu": EVERYBODY, "audit": READERS | {"inspector"}}
VIEW |= dict.fromkeys(("auth", "integrations", "django_q"), READERS)
VIEW_OF_MODEL = {"billing_invoice": EVERYBODY}  # where an app is not seen as a whole
# What machines are told and how they behave is finance's business too; their credentials are not.
VIEW_OF_MODEL |= dict.fromkeys(
    (
        "integrations_alert",
        "integrations_callminute",
        "integrations_ceilinguse",
        "integrations_deliveryattempt",
        "integrations_event",
        "integrations_notice",
        "integrations_scenario",
        "integrations_testclock",
        "integrations_webhookdelivery",
        "integrations_webhookendpoint",
    ),
    STAFF,
)
ADD = {
    "billing_invoice": FINANCE,
    "clients_client": FINANCE,
    "billing_seller": ADMIN,
    "billing_series": ADMIN,
    "integrations_apitoken": ADMIN,
    "integrations_webhookendpoint": ADMIN,
    "auth_user": ADMIN,
    "auth_group": ADMIN,
}
OURS = {
    "billing_invoice_preview": FINANCE,
    "billing_invoice_clients": STAFF,
    "billing_invoice_submit": FINANCE,
    "billing_invoice_confirm": ISSUERS,
    "billing_invoice_return": ISSUERS,
    "billing_invoice_discard": FINANCE,
    "billing_invoice_advise": EVERYBODY,
    "billing_invoice_correct": FINANCE,
    "billing_invoice_correction": FINANCE,
    "billing_invoice_replace": FINANCE,
    "billing_invoice_annul": ADMIN,
    "billing_invoice_amend": ISSUERS,
    "billing_invoice_paper": EVERYBODY,
    "billing_invoice_preview_pdf": EVERYBODY,
    "billing_invoice_pdf": EVERYBODY,
    "billing_invoice_record": EVERYBODY,
    "billing_invoice_receive": FINANCE,
    "billing_invoice_reverse": FINANCE,
    "billing_seller_sandbox": STAFF,
    **{f"integrations_apitoken_{act}": ADMIN for act in ("revoke", "bounds", "rotate", "new_client", "revoke_client")},
    "integrations_alert_acknowledge": FINANCE,
    "integrations_notice_again": FINANCE,
    "integrations_callminute_token": STAFF,
    **{
        f"integrations_webhookendpoint_{act}": ADMIN
        for act in ("edit", "rotate", "test", "replay", "remove", "pause", "resume", "ping")
    },
    "integrations_webhookdelivery_retry": ADMIN,
    "audit_auditentry_export": READERS | {"inspector"},
    "auth_user_password_change": ADMIN,
    "verifactu_chain_verify": EVERYBODY,
    "verifactu_chain_export": EVERYBODY,
    "verifactu_sender_resume": FINANCE,
    "verifactu_sender_self_test": EVERYBODY,
    "verifactu_submission_file": EVERYBODY,
    "verifactu_inquiry_file": EVERYBODY,
}
# For everybody who is let in; what they show is filtered by permission.
COMMON = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "search"}
COMMON |= {"compliance_statement", "compliance_pdf"}
ELSEWHERE = {"view_on_site", "app_list"}  # they lead to pages that ask again


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns if resolver else admin.site.get_urls():
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern)
        elif pattern.name:
            yield pattern


NAMES = sorted({str(pattern.name) for pattern in patterns()} - COMMON - ELSEWHERE)


def who_may(name: str) -> set[str]:
    if name in OURS:
        return OURS[name]
    model, _underscore, act = name.rpartition("_")
    app = "django_q" if model.startswith("django_q") else model.split("_")[0]
    seen = VIEW_OF_MODEL.get(model, VIEW[app])
    return {
        "changelist": seen,
        "change": seen,
        "history": seen,
        "add": ADD.get(model, NOBODY),
        "delete": NOBODY,
    }[act]


@pytest.fixture
def house(client_row: Client) -> dict[str, Any]:
    """One row of everything that an address can name."""
    now = timezone.now()
    invoice = builders.an_invoice(client_row, now=now).invoice
    draft = builders.a_draft(client_row).invoice
    payment = record_payment(
        invoice_id=invoice.id, amount=invoice.amount_due, date=now.date(), by=builders.MARIA, now=now
    )
    answered = answer(FiscalRecord.objects.get(), "rejected", code=1239)
    token, _secret = create_token(
        name="shop",
        mode=Mode.TEST,
        seller_ids=[client_row.seller_id],
        scopes=["invoices:read"],
        by=builders.MARIA,
        now=now,
    )
    endpoint = an_endpoint(client_row.seller)
    delivery = ping(endpoint_id=endpoint.id, by=builders.MARIA, now=now)
    return {
        "billing_invoice": invoice.id,
        "draft": draft.id,
        "billing_payment": payment.id,
        "billing_document": Document.objects.get().id,
        "billing_seller": client_row.seller_id,
        "billing_series": Series.objects.first().id,
        "clients_client": client_row.id,
        "verifactu_chain": Chain.objects.get().id,
        "verifactu_fiscalrecord": FiscalRecord.objects.get().id,
        "verifactu_sender": Chain.objects.get().id,
        "verifactu_recordanswer": answered.id,
        "verifactu_submission": answered.submission_id,
        "verifactu_inquiry": an_inquiry(Chain.objects.get()).id,
        "integrations_apitoken": token.id,
        "integrations_event": Event.objects.first().id,
        "integrations_webhookendpoint": delivery.endpoint_id,
        "integrations_webhookdelivery": delivery.id,
        "integrations_alert": an_alert(now).id,
        "integrations_notice": Notice.objects.get().id,
        "audit_auditentry": AuditEntry.objects.first().id,
    }


def an_alert(now: datetime) -> Alert:
    """With a notice of it."""
    alert = raise_alert(kind="late_feed", key="feed", severity="warning", facts={}, now=now)
    notify(channel="mail", recipient="ops@example.com", subject="s", text="t", now=now, alert=alert)
    return alert


def url_of(name: str, house: dict[str, Any]) -> str:
    pattern = next(pattern for pattern in patterns() if pattern.name == name)
    model = name.rpartition("_")[0]
    draft_only = {"submit", "confirm", "return", "discard", "preview_pdf", "paper"}
    exchange = house.get(model.removesuffix("_file"))
    invoice = house["draft" if name.removeprefix("billing_invoice_") in draft_only else "billing_invoice"]
    known = {
        "invoice_id": invoice,
        "record_id": house["verifactu_fiscalrecord"],
        "payment_id": house["billing_payment"],
        "token_id": house["integrations_apitoken"],
        "client_id": "nobody",
        "endpoint_id": house["integrations_webhookendpoint"],
        "delivery_id": house["integrations_webhookdelivery"],
        "chain_id": house["verifactu_chain"],
        "seller_id": house["billing_seller"],
        "alert_id": house["integrations_alert"],
        "notice_id": house["integrations_notice"],
        "exchange_id": exchange,
        "part": "request",
        "object_id": house.get(model, 1),
        "id": 1,
    }
    names = pattern.pattern.converters
    return reverse(f"admin:{name}", kwargs={key: known[key] for key in names})


def is_open(browser: Browser, url: str) -> bool:
    """Whether the address answers; one that takes no GET is asked by POST."""
    code = browser.get(url).status_code
    return (browser.post(url).status_code if code == 405 else code) != 403


def is_closed(browser: Browser, url: str) -> bool:
    """Whether it refuses, however it is asked."""
    codes = {browser.get(url).status_code, browser.post(url).status_code}
    return 403 in codes <= {403, 405}


def everything() -> list[list[Any]]:
    models = (Invoice, Payment, Client, Series, ApiToken, WebhookEndpoint, WebhookDelivery)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("group", GROUPS)
def test_every_address_is_closed_to_who_may_not(group: str, house: dict[str, Any]):
    browser, before = browser_of(f"{group}-walker", group), everything()
    closed = [name for name in NAMES if group not in who_may(name)]
    assert [name for name in closed if not is_closed(browser, url_of(name, house))] == []
    assert everything() == before


@pytest.mark.parametrize("group", GROUPS)
def test_every_address_is_open_to_who_may(group: str, house: dict[str, Any]):
    browser = browser_of(f"{group}-walker", group)
    open_ = [name for name in NAMES if group in who_may(name)]
    assert [name for name in open_ if not is_open(browser, url_of(name, house))] == []


def test_a_stranger_is_sent_to_the_door(house: dict[str, Any]):
    browser = Browser()
    for name in NAMES:
        answer = browser.get(url_of(name, house))
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(reverse("admin:login")), name


def test_who_is_in_no_group_sees_an_empty_house(house: dict[str, Any]):
    browser = browser_of("nuria")
    assert browser.get(reverse("admin:index")).status_code == 200
    for name in NAMES:
        assert is_closed(browser, url_of(name, house)), name


def test_the_menu_leaves_out_what_would_be_refused(db: None):
    page = browser_of("maria", "finance").get(reverse("admin:index")).content.decode()
    menu = page[page.index('id="nav-sidebar"') :]
    assert reverse("admin:billing_invoice_changelist") in menu
    for name in ("audit_auditentry", "integrations_apitoken", "auth_user"):
        assert reverse(f"admin:{name}_changelist") not in menu


def test_an_address_of_nothing_is_not_found(db: None):
    browser = browser_of("ana", "admin")
    for model in ("billing_invoice", "clients_client", "integrations_apitoken"):
        url = reverse(f"admin:{model}_change", args=[uuid.uuid4()])
        assert browser.get(url, follow=True).status_code in {200, 404}
    revoke = reverse("admin:integrations_apitoken_revoke", args=[uuid.uuid4()])
    assert browser.get(revoke).status_code == 404


def test_an_inspector_looks_proves_and_takes_away_and_changes_nothing(house: dict[str, Any]):
    browser, before = browser_of("irene", "inspector"), everything()
    chain, invoice = house["verifactu_chain"], house["billing_invoice"]
    record = house["verifactu_fiscalrecord"]
    for url in (
        reverse("admin:billing_invoice_change", args=[invoice]),
        reverse("admin:billing_invoice_record", args=[invoice, record]),
        reverse("admin:audit_auditentry_changelist"),
    ):
        assert browser.get(url).status_code == 200
    verified = browser.post(reverse("admin:verifactu_chain_verify", args=[chain]), follow=True)
    assert "1 records, nothing wrong" in verified.content.decode()
    export = reverse("admin:verifactu_chain_export", args=[chain])
    taken = browser.post(export, {"first": "2000-01-01", "last": "2099-12-31"})
    assert taken["Content-Type"] == "application/zip"
    assert taken.getvalue().startswith(b"PK")
    assert everything() == before


def test_the_inspectors_menu_holds_what_the_inspector_may_see(db: None):
    page = browser_of("irene", "inspector").get(reverse("admin:index")).content.decode()
    menu = page[page.index('id="nav-sidebar"') :]
    for name in ("billing_invoice", "verifactu_chain", "verifactu_fiscalrecord", "audit_auditentry"):
        assert reverse(f"admin:{name}_changelist") in menu
    for name in (
        "clients_client",
        "billing_seller",
        "billing_series",
        "billing_payment",
        "auth_user",
        "integrations_event",
    ):
        assert reverse(f"admin:{name}_changelist") not in menu
