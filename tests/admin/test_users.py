"""Users and groups: what they may do is changed here, and written down."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from audit.models import AuditEntry
from tests.admin.people import GROUPS, a_person, make_groups


def url_of(name: str, *args: object) -> str:
    return reverse(f"admin:auth_{name}", args=args)


def codes_of(group: str) -> set[str]:
    return {
        f"{app}.{code}"
        for app, code in Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    }


def test_the_groups_come_with_the_database(db: None):
    make_groups()
    assert set(Group.objects.values_list("name", flat=True)) >= set(GROUPS)


def test_what_each_group_may_do(db: None):
    make_groups()
    finance, approver, auditor, admin, _inspector = (codes_of(group) for group in GROUPS)
    assert approver - finance == {"billing.approve_invoice", "billing.issue_invoice", "billing.amend_invoice"}
    assert {code for code in auditor if ".view_" not in code} == set()
    assert "audit.view_auditentry" in auditor
    assert "audit.view_auditentry" not in finance
    assert admin > approver
    assert not {code for code in admin if ".delete_" in code or code.startswith("audit.change")}


def test_a_user_is_made_and_that_is_written_down(administrator: Browser):
    form = {
        "username": "lucia",
        "usable_password": "true",
        "password1": "una clave larga",
        "password2": "una clave larga",
    }
    administrator.post(url_of("user_add"), form)
    user = User.objects.get(username="lucia")
    entry = AuditEntry.objects.get(action="user.created")
    assert (entry.actor_name, entry.subject_id) == ("ana", str(user.id))
    assert "clave" not in str(entry.__dict__)
    assert not user.is_staff


def test_a_user_gets_a_group_and_that_is_written_down(administrator: Browser):
    user = a_person("lucia")
    groups = [str(Group.objects.get(name="approver").id)]
    administrator.post(
        url_of("user_change", user.id), {"username": "lucia", "is_active": "on", "is_staff": "on", "groups": groups}
    )
    assert user.has_perm("billing.issue_invoice")
    assert AuditEntry.objects.get(action="user.changed").after["groups"] == ["approver"]


def test_a_password_set_by_another_is_written_down(administrator: Browser):
    user = a_person("lucia")
    form = {"usable_password": "true", "password1": "una clave larga", "password2": "una clave larga"}
    administrator.post(url_of("user_password_change", user.id), form)
    user.refresh_from_db()
    assert user.check_password("una clave larga")
    assert AuditEntry.objects.get(action="user.changed").subject_label == "lucia"


def test_nobody_makes_themselves_a_superuser(administrator: Browser):
    ana = User.objects.get(username="ana")
    form = {"username": "ana", "is_active": "on", "is_staff": "on", "is_superuser": "on", "user_permissions": ["1"]}
    administrator.post(url_of("user_change", ana.id), form)
    ana.refresh_from_db()
    assert not ana.is_superuser
    assert not ana.user_permissions.exists()


def test_a_superuser_is_out_of_reach(administrator: Browser):
    root = User.objects.create_superuser("root")
    assert administrator.post(url_of("user_change", root.id), {"username": "mine"}).status_code == 403
    assert administrator.post(url_of("user_password_change", root.id), {}).status_code == 403


def test_a_superuser_changes_a_superuser(db: None):
    root = User.objects.create_superuser("root")
    browser = Browser()
    browser.force_login(root)
    browser.post(
        url_of("user_change", root.id), {"username": "root", "is_active": "on", "is_staff": "on", "first_name": "R"}
    )
    root.refresh_from_db()
    assert root.first_name == "R"


def test_a_group_is_changed_and_that_is_written_down(administrator: Browser):
    group = Group.objects.create(name="archive")
    administrator.post(url_of("group_change", group.id), {"name": "archivo", "permissions": []})
    assert AuditEntry.objects.get(action="group.changed").subject_label == "archivo"


def test_the_list_shows_each_persons_groups(auditor: Browser):
    page = auditor.get(url_of("user_changelist")).content.decode()
    assert "irene" in page
    assert "auditor" in page
