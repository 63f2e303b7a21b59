"""API tokens: made, shown once, taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from lxml import html

from audit.models import AuditEntry, Outcome
from billing.models import Seller
from integrations.models import ApiToken
from integrations.tokens import digest_of

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
