"""What somebody tried and may not do is written down; what the database refuses is no broken page."""

import pytest
from django.urls import reverse

from audit.models import AuditEntry
from billing.models import Invoice, Series
from tests.admin.people import browser_of, url_of
from tests.builders import a_client, a_draft, a_seller

pytestmark = pytest.mark.django_db


def test_who_may_not_issue_and_tries_is_in_the_log():
    draft = a_draft(a_client(a_seller())).invoice

    answer = browser_of("fina", "finance").post(url_of("confirm", draft.id), {"issue": "1"})

    assert answer.status_code == 403
    assert Invoice.objects.get().status == "draft"
    entry = AuditEntry.objects.get(action="admin.denied")
    assert (entry.outcome, entry.actor_name) == ("refused", "fina")
    assert str(draft.id) in entry.subject_id


def test_who_only_looks_where_they_may_not_is_not():
    browser_of("fina", "finance").get(reverse("admin:integrations_apitoken_add"))

    assert not AuditEntry.objects.filter(action="admin.denied").exists()


@pytest.mark.parametrize("wrong", [{"code": "ñ"}, {"code": "a b"}, {"first_number": "0"}, {"number_format": "X"}])
def test_a_mistyped_series_is_told_at_its_field(wrong):
    seller = a_seller(series=False)
    form = {
        "seller": str(seller.id),
        "code": "Z",
        "kind": "ordinary",
        "number_format": "{code}-{year}-{number:05d}",
        "yearly": "on",
        "first_number": "1",
        "is_active": "on",
        **wrong,
    }

    answer = browser_of("ada", "admin").post(reverse("admin:billing_series_add"), form)

    assert answer.status_code == 200
    assert next(iter(wrong)) in answer.context["adminform"].form.errors
    assert not Series.objects.exists()
