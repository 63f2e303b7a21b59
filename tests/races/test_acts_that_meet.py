"""Two acts on one invoice at the same moment: one is done, the other is told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from billing.models import Annulment, Approval, Invoice, InvoiceStatus, SeriesCounter
from billing.representation import Parts, content_digest
from billing.services.drafting import update_draft
from billing.services.issuing import issue_invoice
from billing.services.reviewing import approve_and_issue, approve_invoice, submit_invoice
from billing.services.voiding import void_invoice
from core.actors import Actor
from tests.builders import MARIA, NOW, PABLO, SHOP, a_client, a_draft, a_line, a_seller, an_invoice, draft_for
from tests.evidence import assert_whole
from tests.races.meeting import others, outcome, refusal_of, the_chain_held, wait_until_waiting
from tests.running_house import at_once

pytestmark = pytest.mark.django_db(transaction=True)

A_SECOND_TO_MIDNIGHT = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)  # 23:59:59 in Madrid


@pytest.fixture
def draft() -> Parts:
    return a_draft(a_client(a_seller()))


def approve(draft: Parts, by: Actor, seen: str | None = None) -> Parts:
    return approve_invoice(invoice_id=draft.invoice.id, by=by, now=NOW, seen_digest=seen)


def press(draft: Parts, by: Actor) -> Parts:
    """«Aprobar y emitir»."""
    return approve_and_issue(invoice_id=draft.invoice.id, by=by, now=NOW, seen_digest=digest_of(draft))


def issue(draft: Parts) -> Parts:
    return issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)


def void(draft: Parts) -> Parts:
    return void_invoice(invoice_id=draft.invoice.id, reason="por error", by=MARIA, now=NOW)


def digest_of(draft: Parts) -> str:
    invoice = Invoice.objects.get(id=draft.invoice.id)
    return content_digest(invoice, list(invoice.lines.all()))


def test_of_two_people_who_press_the_button_one_issues_and_the_other_is_told(draft: Parts) -> None:
    submit_invoice(invoice_id=draft.invoice.id, by=MARIA, now=NOW)

    outcomes = at_once(lambda person: refusal_of(lambda: press(draft, person)), [MARIA, PABLO])

    assert sorted(outcomes) == ["already_issued", "done"]
    assert Approval.objects.count() == 1, "who was told approved nothing"
    assert_whole(connection)


def test_the_second_person_waits_for_the_first_and_is_told(draft: Parts) -> None:
    with others() as begin:
        with the_chain_held():
            first = begin(lambda: press(draft, MARIA))
            wait_until_waiting(1)
            second = begin(lambda: press(draft, PABLO))
            wait_until_waiting(2)
        assert (outcome(first), outcome(second)) == ("done", "already_issued")
    assert Approval.objects.get().approved_by == str(MARIA)
    assert_whole(connection)


def test_two_approvals_at_once_are_two_persons_words_on_the_same_content(draft: Parts) -> None:
    seen = digest_of(draft)

    outcomes = at_once(lambda person: refusal_of(lambda: approve(draft, person, seen)), [MARIA, PABLO])

    assert outcomes == ["done", "done"]
    assert {approval.content_digest for approval in Approval.objects.all()} == {seen}
    assert refusal_of(lambda: issue(draft)) == "done"
    assert_whole(connection)


@pytest.mark.parametrize("first", ["approver", "author"])
def test_what_is_approved_is_what_was_seen_even_if_it_is_edited_at_that_moment(first: str) -> None:
    draft = a_draft(a_client(a_seller(approval_policy="required")))
    seen, content = digest_of(draft), draft_for(draft.invoice.client, a_line(price="777.00"))
    acts = {
        "approver": lambda: approve(draft, PABLO, seen),
        "author": lambda: update_draft(invoice_id=draft.invoice.id, draft=content, by=MARIA, now=NOW),
    }

    outcomes = at_once(lambda who: refusal_of(acts[who]), sorted(acts, reverse=first == "author"))

    assert set(outcomes) <= {"done", "approval_stale"}
    assert Invoice.objects.get().status != InvoiceStatus.APPROVED
    assert refusal_of(lambda: issue(draft)) == "approval_required", "nobody approved what it is now"
    assert_whole(connection)


def test_who_voids_while_it_is_being_issued_annuls_what_was_issued(draft: Parts) -> None:
    with others() as begin:
        with the_chain_held():
            issuing = begin(lambda: issue(draft))
            wait_until_waiting(1)
            voiding = begin(lambda: void(draft))
            wait_until_waiting(2)
        assert (outcome(issuing), outcome(voiding)) == ("done", "done")
    assert Annulment.objects.count() == 1
    assert_whole(connection)


def test_who_issues_while_it_is_being_voided_is_told_that_it_is_discarded(draft: Parts) -> None:
    with others() as begin:
        with transaction.atomic():
            void(draft)
            issuing = begin(lambda: issue(draft))
            wait_until_waiting(1)
        assert outcome(issuing) == "invoice_discarded"
    assert not SeriesCounter.objects.exists(), "no number was used"
    assert_whole(connection)


def test_voids_and_issues_at_once_leave_no_gap() -> None:
    client = a_client(a_seller())
    drafts = [a_draft(client) for _ in range(8)]

    outcomes = at_once(lambda act: (act[1].invoice.id, refusal_of(lambda: act[0](act[1]))), [
        (act, draft) for draft in drafts for act in (issue, void)
    ])  # fmt: skip

    for draft in drafts:
        both = {said for invoice_id, said in outcomes if invoice_id == draft.invoice.id}
        assert both in ({"done"}, {"done", "invoice_discarded"})
    assert_whole(connection)


def test_at_the_turn_of_the_year_both_years_are_gapless_and_no_date_goes_back() -> None:
    client = a_client(a_seller())

    def issue_over_midnight(number: int) -> list[str]:
        moments = [A_SECOND_TO_MIDNIGHT + timedelta(seconds=second) for second in (0, number % 2, 1)]
        return [refusal_of(partial(an_invoice, client, now=now)) for now in moments]

    outcomes = Counter(said for several in at_once(issue_over_midnight, range(16)) for said in several)

    assert outcomes == {"done": 48}
    dates = Counter(Invoice.objects.values_list("fiscal_year", "issue_date"))
    assert set(dates) == {(2026, date(2026, 12, 31)), (2027, date(2027, 1, 1))}
    assert_whole(connection)
