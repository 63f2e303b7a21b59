"""Who comes and goes is written down."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from audit.models import AuditEntry, Outcome
from tests.admin.people import PASSWORD, a_person

LOGIN, LOGOUT = reverse("admin:login"), reverse("admin:logout")


def log_in(browser: Browser, username: str, password: str = PASSWORD):
    return browser.post(LOGIN, {"username": username, "password": password})


def test_a_login_is_written_down(db: None):
    a_person("maria", "finance")
    answer = log_in(Browser(), "maria")
    entry = AuditEntry.objects.get()
    assert answer["Location"] == reverse("admin:index")
    assert (entry.action, entry.outcome, entry.actor_kind, entry.actor_name) == (
        "user.logged_in",
        Outcome.DONE,
        "user",
        "maria",
    )
    assert (entry.address, entry.request_id) == ("127.0.0.1", answer["X-Request-ID"])


@pytest.mark.parametrize("username", ["maria", "nobody", "mar\x00ia", "x" * 400])
def test_a_refused_login_is_written_down_by_the_claimed_name_alone(db: None, username: str):
    a_person("maria", "finance")
    assert log_in(Browser(), username, "wrong-password").status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.actor_kind, entry.actor_id) == (
        "user.logged_in",
        Outcome.REFUSED,
        "anonymous",
        "",
    )
    assert entry.actor_name == username.replace("\x00", "")[:150]
    assert "wrong-password" not in str(entry.__dict__)


def test_who_is_not_of_the_staff_is_refused(db: None):
    person = a_person("maria")
    person.is_staff = False
    person.save()
    log_in(Browser(), "maria")
    assert AuditEntry.objects.get().outcome == Outcome.REFUSED


def test_a_logout_is_written_down_once(db: None):
    browser = Browser()
    browser.force_login(a_person("maria", "finance"))
    browser.post(LOGOUT)
    browser.post(LOGOUT)
    assert [(e.action, e.actor_name) for e in AuditEntry.objects.all()] == [("user.logged_out", "maria")]


def test_looking_at_the_door_is_no_act(db: None):
    assert Browser().get(LOGIN).status_code == 200
    assert not AuditEntry.objects.exists()


def test_a_changed_password_is_written_down_and_never_what_it_is(db: None):
    browser = Browser()
    browser.force_login(a_person("maria", "finance"))
    form = {"old_password": PASSWORD, "new_password1": "otra clave larga", "new_password2": "otra clave larga"}
    browser.post(reverse("admin:password_change"), {**form, "new_password2": "otra distinta"})
    assert not AuditEntry.objects.exists()
    browser.post(reverse("admin:password_change"), form)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_name) == ("user.password_changed", "maria")
    assert "clave" not in str(entry.__dict__)


def test_spanish_comes_first(db: None):
    assert "Iniciar sesión" in Browser().get(LOGIN).content.decode()
    assert "Log in" in Browser(headers={"Accept-Language": "en"}).get(LOGIN).content.decode()
