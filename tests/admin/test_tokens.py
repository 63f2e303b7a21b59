"""API tokens: made, shown once, taken away."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from lxml import html

from audit.models import AuditEntry, Outcome
from billing.models import Seller
from integrations.models import ApiToken, OAuthClient
from integrations.tokens import digest_of
from tests.api.machines import a_machine, an_invoice_body

ADD = reverse("admin:integrations_apitoken_add")


def form_for(seller: Seller, **changes: object) -> dict[str, object]:
    return {
        "name": "Tienda",
        "mode": "test",
        "sellers": [str(seller.id)],
        "scopes": ["invoices:read", "invoices:write"],
        "calls_per_minute": "600",
        "allowed_addresses": "192.0.2.0/24\n2001:db8::/32",
        **changes,
    }


def change_url(token: ApiToken) -> str:
    return reverse("admin:integrations_apitoken_change", args=[token.id])


def test_the_secret_is_shown_once_and_never_again(administrator: Browser, seller: Seller):
    answer = administrator.post(ADD, form_for(seller))
    secret = html.fromstring(answer.content.decode()).get_element_by_id("secret").text
    token = ApiToken.objects.get()
    assert bytes(token.digest) == digest_of(secret)
    assert "no-store" in answer["Cache-Control"]
    assert token.allowed_addresses == ["192.0.2.0/24", "2001:db8::/32"]
    for url in (change_url(token), reverse("admin:integrations_apitoken_changelist")):
        page = administrator.get(url).content.decode()
        assert token.hint in page
        assert secret not in page
    entry = AuditEntry.objects.get(action="token.created")
    assert entry.actor_name == "ana"
    assert secret not in str(entry.__dict__)


def test_it_expires_at_the_end_of_the_day(administrator: Browser, seller: Seller):
    day = timezone.localdate() + timedelta(days=30)
    administrator.post(ADD, form_for(seller, expires_on=day.isoformat()))
    expiry = ApiToken.objects.get().expires_at
    assert expiry is not None
    assert timezone.localtime(expiry).strftime("%Y-%m-%d %H:%M") == f"{day} 23:59"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"sellers": []}, "sellers"),
        ({"mode": "live"}, "sellers"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
        ({"allowed_addresses": "nowhere"}, "allowed_addresses"),
        ({"calls_per_minute": "0"}, "calls_per_minute"),
    ],
)
def test_faults_stand_at_their_fields(administrator: Browser, seller: Seller, changes: dict[str, object], field: str):
    answer = administrator.post(ADD, form_for(seller, **changes))
    assert field in answer.context["form"].errors
    assert not ApiToken.objects.exists()


def test_what_the_service_refused_is_written_down(administrator: Browser, seller: Seller):
    administrator.post(ADD, form_for(seller, allowed_addresses="nowhere"))
    assert AuditEntry.objects.get(action="token.created").outcome == Outcome.REFUSED


def test_a_token_is_revoked_with_a_reason_once(administrator: Browser, seller: Seller):
    administrator.post(ADD, form_for(seller))
    token = ApiToken.objects.get()
    url = reverse("admin:integrations_apitoken_revoke", args=[token.id])
    assert url in administrator.get(change_url(token)).content.decode()
    assert administrator.post(url, {"reason": ""}).status_code == 200
    administrator.post(url, {"reason": "Se filtró"})
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert AuditEntry.objects.get(action="token.revoked").reason == "Se filtró"
    answer = administrator.post(url, {"reason": "Otra vez"}, follow=True)
    assert "revoked before" in answer.content.decode()
    assert url not in administrator.get(change_url(token)).content.decode()


def test_the_state_of_a_token_is_seen_in_the_list(auditor: Browser, administrator: Browser, seller: Seller):
    for name in ("active", "expired", "revoked"):
        administrator.post(ADD, form_for(seller, name=f"token {name}"))
    past = timezone.now() - timedelta(days=1)
    ApiToken.objects.filter(name="token expired").update(expires_at=past)
    ApiToken.objects.filter(name="token revoked").update(revoked_at=past)
    page = auditor.get(reverse("admin:integrations_apitoken_changelist")).content.decode()
    badges = [badge.text for badge in html.fromstring(page).find_class("co-badge")]
    assert sorted(badges) == ["active", "expired", "revoked"]


# --- Bounds, rotation, OAuth clients ----------------------------------------------------------------------------------


def url_of(token: ApiToken, act: str, *more: str) -> str:
    return reverse(f"admin:integrations_apitoken_{act}", args=[token.id, *more])


@pytest.fixture
def token(administrator: Browser, seller: Seller) -> ApiToken:
    administrator.post(ADD, form_for(seller, owner_email="owner@example.es", invoices_per_hour="5"))
    return ApiToken.objects.get()


def bounds_for(**changes: object) -> dict[str, object]:
    return {"calls_per_minute": "600", **changes}


def secret_shown(page: HttpResponse) -> str:
    assert "no-store" in page["Cache-Control"]
    return str(html.fromstring(page.content.decode()).get_element_by_id("secret").text)


def test_a_token_is_made_with_an_owner_and_ceilings(administrator: Browser, seller: Seller):
    limits = {"invoices_per_hour": "60", "euros_per_invoice": "3.000,50", "euros_per_day": ""}
    administrator.post(ADD, form_for(seller, owner_email="owner@example.es", **limits))
    token = ApiToken.objects.get()
    assert (token.owner_email, token.invoices_per_hour) == ("owner@example.es", 60)
    assert (str(token.euros_per_invoice), token.euros_per_day) == ("3000.50", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"owner_email": "nobody"}, "owner_email"),
        ({"invoices_per_hour": "-1"}, "invoices_per_hour"),
        ({"euros_per_invoice": "-0,01"}, "euros_per_invoice"),
        ({"euros_per_day": "much"}, "euros_per_day"),
        ({"calls_per_minute": "0"}, "calls_per_minute"),
        ({"allowed_addresses": "nowhere"}, "allowed_addresses"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
    ],
)
def test_wrong_bounds_stand_at_their_fields(
    administrator: Browser, token: ApiToken, changes: dict[str, object], field: str
):
    answer = administrator.post(url_of(token, "bounds"), bounds_for(**changes))
    assert field in answer.context["form"].errors
    assert ApiToken.objects.values().get() == ApiToken.objects.filter(invoices_per_hour=5).values().get()


def test_bounds_are_changed_and_what_changed_is_audited(administrator: Browser, token: ApiToken):
    page = administrator.get(url_of(token, "bounds"))
    assert page.context["form"]["invoices_per_hour"].value() == 5
    assert page.context["form"]["allowed_addresses"].value() == "192.0.2.0/24\n2001:db8::/32"
    answer = administrator.post(url_of(token, "bounds"), bounds_for(euros_per_day="100", owner_email="o@example.es"))
    assert answer.headers["Location"] == change_url(token)
    entry = AuditEntry.objects.get(action="token.changed")
    assert entry.before == {
        "allowed_addresses": ["192.0.2.0/24", "2001:db8::/32"],
        "owner_email": "owner@example.es",
        "invoices_per_hour": 5,
        "euros_per_day": None,
    }
    after: dict[str, object] = {
        "allowed_addresses": [],
        "owner_email": "o@example.es",
        "invoices_per_hour": None,
        "euros_per_day": "100",
    }
    assert entry.after == after


def test_an_expiry_that_is_left_alone_stays_to_the_second(administrator: Browser, token: ApiToken):
    past = timezone.now() - timedelta(days=3)
    ApiToken.objects.update(expires_at=past)
    day = timezone.localtime(past).date().isoformat()
    administrator.post(url_of(token, "bounds"), bounds_for(expires_on=day, calls_per_minute="7"))
    kept = ApiToken.objects.get()
    assert (kept.expires_at, kept.calls_per_minute) == (past, 7)


def test_a_rotation_shows_the_new_secret_once(administrator: Browser, token: ApiToken):
    assert administrator.get(url_of(token, "rotate")).status_code == 200
    answer = administrator.post(url_of(token, "rotate"), {"hours": "72"})
    rotated = ApiToken.objects.get()
    assert bytes(rotated.digest) == digest_of(secret_shown(answer))
    assert rotated.previous_valid_until is not None
    assert rotated.rotated_at is not None
    assert rotated.previous_valid_until - rotated.rotated_at == timedelta(hours=72)
    assert token.hint in answer.content.decode(), "which secret goes on for a while"
    assert rotated.previous_hint in administrator.get(change_url(token)).content.decode()
    assert AuditEntry.objects.get(action="token.rotated").actor_name == "ana"
    assert administrator.post(url_of(token, "rotate"), {"hours": "9999"}).context["form"].errors


def test_an_oauth_client_is_made_shown_once_and_taken_away(administrator: Browser, token: ApiToken):
    assert administrator.get(url_of(token, "new_client")).status_code == 200
    secret = secret_shown(administrator.post(url_of(token, "new_client")))
    client = OAuthClient.objects.select_related("application").get()
    assert client.application.client_secret == digest_of(secret).hex()
    page = administrator.get(change_url(token)).content.decode()
    assert client.application.client_id in page
    assert secret not in page
    revoke = url_of(token, "revoke_client", client.application.client_id)
    assert client.application.client_id in administrator.get(revoke).content.decode()
    administrator.post(revoke)
    assert OAuthClient.objects.get().revoked_at is not None
    administrator.post(revoke)
    assert AuditEntry.objects.filter(action="token.client_revoked").values_list("outcome", flat=True).count() == 2


def test_a_revoked_token_is_neither_rotated_nor_given_clients(administrator: Browser, token: ApiToken):
    ApiToken.objects.update(revoked_at=timezone.now())
    for act in ("rotate", "new_client"):
        answer = administrator.post(url_of(token, act), {"hours": "24"})
        assert answer.headers["Location"] == change_url(token)
    answer = administrator.post(url_of(token, "bounds"), bounds_for())
    assert answer.context["form"].non_field_errors()
    assert not OAuthClient.objects.exists()
    refused = AuditEntry.objects.filter(outcome=Outcome.REFUSED).values_list("action", flat=True)
    assert {*refused} == {"token.rotated", "token.client_created", "token.changed"}


def test_only_who_may_change_tokens_comes_to_these_pages(approver: Browser, token: ApiToken):
    for act in ("bounds", "rotate", "new_client", "revoke"):
        for call in (approver.get, approver.post):
            assert call(url_of(token, act)).status_code == 403
    assert approver.post(url_of(token, "revoke_client", "x")).status_code == 403
    assert ApiToken.objects.get().rotated_at is None


def test_a_page_of_a_token_that_is_not_there(administrator: Browser):
    assert administrator.get(reverse("admin:integrations_apitoken_rotate", args=[uuid.uuid4()])).status_code == 404


def test_the_list_finds_those_that_somebody_ought_to_look_after(administrator: Browser, seller: Seller):
    now = timezone.now()
    days = {
        "ends soon": {"expires_at": now + timedelta(days=29), "last_used_at": now},
        "ends later": {"expires_at": now + timedelta(days=31), "last_used_at": now},
        "ended": {"expires_at": now - timedelta(days=1)},
        "revoked": {"revoked_at": now, "last_used_at": now - timedelta(days=91)},
        "asleep": {"last_used_at": now - timedelta(days=91)},
        "forgotten": {"created_at": now - timedelta(days=91)},
        "new": {},
    }
    for name, dates in days.items():
        administrator.post(ADD, form_for(seller, name=name))
        ApiToken.objects.filter(name=name).update(**dates)

    def found(care: str) -> set[str]:
        page = administrator.get(reverse("admin:integrations_apitoken_changelist"), {"care": care})
        return {token.name for token in page.context["cl"].result_list}

    assert found("expiring") == {"ends soon"}
    assert found("unused") == {"asleep", "forgotten"}
    assert found("never") == {"forgotten", "new"}
    assert found("nonsense") == set(days)


def test_the_packages_own_pages_with_secrets_are_not_there(administrator: Browser):
    assert not [model for model in admin.site._registry if model._meta.app_label == "oauth2_provider"]
    assert administrator.get("/admin/oauth2_provider/application/").status_code == 404


def test_a_held_draft_says_why_wherever_a_person_looks_at_it(administrator: Browser, approver: Browser, seller: Seller):
    machine = a_machine(seller, invoices_per_hour=0)
    buyer = {"name": "Irene Quimera Lago", "tax_id": "99999901H"}
    invoice = machine.post("/invoices", an_invoice_body(buyer, issue=True)).json()["id"]
    pages = [
        (administrator, reverse("admin:billing_invoice_change", args=[invoice])),
        (approver, reverse("admin:billing_invoice_change", args=[invoice])),
        (approver, reverse("admin:billing_invoice_confirm", args=[invoice])),
    ]
    for browser, url in pages:
        note = html.fromstring(browser.get(url).content.decode()).get_element_by_id("held")
        assert "0" in note.text_content()
    issue = approver.get(pages[2][1]).context
    approver.post(pages[2][1], {"digest": issue["digest"], "on": issue["today"].isoformat(), "issue": "1"})
    page = approver.get(pages[1][1])
    assert page.context["invoice"].status == "issued"
    assert 'id="held"' not in page.content.decode()


def test_what_a_token_has_used_is_there_to_be_looked_at(administrator: Browser, seller: Seller):
    machine = a_machine(seller, name="busy", invoices_per_hour=5)
    buyer = {"name": "Irene Quimera Lago", "tax_id": "99999901H"}
    invoice = machine.post("/invoices", an_invoice_body(buyer, issue=True)).json()["id"]
    url = reverse("admin:integrations_ceilinguse_changelist")
    assert invoice in administrator.get(url, {"q": "busy"}).content.decode()
    assert invoice not in administrator.get(url, {"q": "idle"}).content.decode()
