import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from core.errors import Stale, Unreadable
from integrations.etags import check_if_match, etag_of, is_unchanged

TAG = etag_of({"id": 1, "name": "Peña"})


def asking(**headers):
    return Request(APIRequestFactory(headers=headers).get("/"))


def test_a_tag_changes_with_what_is_shown_and_not_with_its_order():
    assert etag_of({"name": "Peña", "id": 1}) == TAG
    assert etag_of({"id": 1, "name": "Pena"}) != TAG
    assert TAG.startswith('"')
    assert TAG.endswith('"')


@pytest.mark.parametrize("header", [{}, {"If-Match": TAG}, {"If-Match": f'"old", {TAG}'}, {"If-Match": "*"}])
def test_who_knows_the_present_state_or_does_not_ask_may_go_on(header):
    check_if_match(asking(**header), TAG)  # raises nothing


@pytest.mark.parametrize("sent", ['"old"', f"W/{TAG}"])
def test_who_knows_an_older_state_is_told_and_given_the_tag(sent):
    with pytest.raises(Stale) as refused:
        check_if_match(asking(**{"If-Match": sent}), TAG)
    assert (refused.value.status, refused.value.code, refused.value.headers) == (412, "stale", {"ETag": TAG})


@pytest.mark.parametrize("sent", ["", "unquoted"])
def test_an_if_match_that_cannot_be_read_protects_nobody_and_is_refused(sent):
    with pytest.raises(Unreadable) as refused:
        check_if_match(asking(**{"If-Match": sent}), TAG)
    assert refused.value.faults[0].header == "If-Match"


@pytest.mark.parametrize(
    ("sent", "unchanged"),
    [(TAG, True), (f"W/{TAG}", True), (f'"old", {TAG}', True), ("*", True), ('"old"', False), ("", False)],
)
def test_who_has_the_present_state_need_not_be_sent_it(sent, unchanged):
    assert is_unchanged(asking(**{"If-None-Match": sent}), TAG) is unchanged
