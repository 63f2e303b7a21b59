import json
import logging
from typing import cast

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import UnreadablePostError
from django.utils import translation
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail, Throttled, ValidationError

from core.errors import Fault, Invalid, Refusal
from integrations.problems import MAX_ERRORS, TITLES, problem_of, refusal_of
from tests.builders import a_seller
from tests.integrations.doors import a_token, caller

pytestmark = pytest.mark.urls("tests.integrations.doors")
MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "correlation_id", "errors"}


@pytest.fixture
def machine(db):
    return caller(a_token(a_seller(), "invoices:read", "invoices:write"))


def check(answer, status, code):
    """Whatever went wrong, the answer has one shape."""
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert set(problem) >= MEMBERS
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"{settings.BASE_URL}/problems/{code}"
    assert problem["request_id"] == answer["X-Request-ID"]
    assert problem["correlation_id"] == answer["X-Correlation-ID"]
    return problem


def post(machine, body, url="/api/v1/order", **extra):
    return machine.generic("POST", url, body, **{"content_type": "application/json", **extra})


def test_every_fault_is_listed_at_once_with_its_pointer(machine):
    body = {
        "client": "a name that is too long",
        "colour": "red",
        "on": "2026-W47-1",
        "issue": "yes",
        "lines": [
            {"description": "fine", "unit_price": "1.00"},
            {"description": "x", "unit_price": 1, "tax_rate": 21.0, "a/b~c": 1},
            {"unit_price": "1e3"},
            "no line",
        ],
    }
    problem = check(post(machine, json.dumps(body)), 422, "validation_failed")
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("#/client", "max_length"),
        ("#/colour", "unknown_field"),
        ("#/on", "invalid_date"),
        ("#/issue", "boolean_expected"),
        ("#/lines/1/unit_price", "number_not_allowed"),
        ("#/lines/1/tax_rate", "number_not_allowed"),
        ("#/lines/1/a~1b~0c", "unknown_field"),
        ("#/lines/2/description", "required"),
        ("#/lines/2/unit_price", "invalid_decimal"),
        ("#/lines/3", "object_expected"),
    }


@pytest.mark.parametrize("language", [None, "es", "es-ES,es;q=0.9,en;q=0.8", "fr"])
def test_problems_speak_spanish_unless_english_is_asked_for(machine, language):
    headers = {"Accept-Language": language} if language else {}
    answer = machine.post("/api/v1/order", {}, content_type="application/json", headers=headers)
    problem = check(answer, 422, "validation_failed")
    assert answer["Content-Language"] == "es"
    assert problem["title"] == "La petición tiene errores"
    assert {error["detail"] for error in problem["errors"]} == {"Este campo es requerido."}


def test_problems_speak_english_when_asked(machine):
    answer = machine.post(
        "/api/v1/order", {}, content_type="application/json", headers={"Accept-Language": "en-GB,en;q=0.9"}
    )
    problem = check(answer, 422, "validation_failed")
    assert answer["Content-Language"] == "en"
    assert (problem["title"], problem["detail"]) == (
        "The request has faults",
        "The request has faults; nothing was written.",
    )
    assert {error["detail"] for error in problem["errors"]} == {"This field is required."}


def test_what_the_house_refuses_carries_its_words_faults_and_extra_members():
    fault = Fault("number_taken", "The number %(number)s is taken.", parameter="number", params={"number": 7})
    refusal = Refusal("odd", "%(who)s may not.", params={"who": "Pablo"}, faults=[fault], extra={"differences": [1]})
    problem = problem_of(refusal)
    assert problem["detail"] == "Pablo may not."
    assert problem["errors"] == [{"parameter": "number", "code": "number_taken", "detail": "The number 7 is taken."}]
    assert problem["differences"] == [1]
    assert "errors_truncated" not in problem


def test_more_than_a_hundred_faults_are_cut_and_it_says_so():
    problem = problem_of(Invalid(Fault("bad", "Bad.", pointer=f"#/lines/{n}") for n in range(MAX_ERRORS + 1)))
    errors = cast("list[dict[str, str]]", problem["errors"])
    assert [error["pointer"] for error in errors] == [f"#/lines/{n}" for n in range(MAX_ERRORS)]
    assert problem["errors_truncated"] is True


def refused(exc):
    refusal = refusal_of(exc)
    assert refusal is not None
    return refusal


def test_a_percent_sign_in_a_validators_text_is_only_text():
    refusal = refused(ValidationError({"rate": [ErrorDetail("Over 100 %.", code="max_value")]}))
    assert problem_of(refusal)["errors"] == [{"pointer": "#/rate", "code": "max_value", "detail": "Over 100 %."}]


def test_faults_of_the_whole_object_point_at_the_object():
    error = ValidationError({"lines": [{}, {"non_field_errors": [ErrorDetail("No.", code="no")]}]})
    assert [fault.pointer for fault in refused(error).faults] == ["#/lines/1"]
    assert [fault.pointer for fault in refused(ValidationError("No.")).faults] == ["#"]


def test_throttling_of_the_framework_says_when_to_come_back():
    assert refused(Throttled(wait=7)).headers == {"Retry-After": "7"}


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (exceptions.ParseError(), 400, "body_unreadable"),
        (UnreadablePostError(), 400, "body_unreadable"),
        (exceptions.NotAuthenticated(), 401, "token_missing"),
        (exceptions.AuthenticationFailed(), 401, "token_missing"),
        (exceptions.PermissionDenied(), 403, "not_permitted"),
        (exceptions.NotFound(), 404, "not_found"),
        (RequestDataTooBig(), 413, "body_too_large"),
        (SuspiciousOperation(), 400, "bad_request"),
    ],
)
def test_exceptions_of_the_frameworks_are_refusals_of_ours(exc, status, code):
    assert (refused(exc).status, refused(exc).code) == (status, code)


def test_an_unknown_exception_is_no_refusal():
    assert refusal_of(KeyError("x")) is None


@pytest.mark.parametrize("status", sorted(TITLES))
def test_every_status_has_a_title_in_spanish(status):
    with translation.override("es"):
        assert translation.gettext(TITLES[status]) != TITLES[status]


def test_an_unknown_path_is_404(machine):
    check(machine.get("/api/v1/nothing"), 404, "not_found")


def test_an_unknown_path_is_404_before_any_token_is_asked_for(db):
    check(caller().get("/api/v2/nothing"), 404, "not_found")


def test_outside_of_the_api_a_page_answers(db):
    answer = caller().get("/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_a_wrong_method_is_405_and_says_which_are_right(machine):
    answer = machine.put("/api/v1/order")
    check(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_options_is_a_method_like_others(machine):
    check(machine.options("/api/v1/order"), 405, "method_not_allowed")


def test_another_form_than_json_is_406(machine):
    check(machine.get("/api/v1/echo", headers={"Accept": "text/xml"}), 406, "not_acceptable")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_body_than_json_is_415(machine, content_type):
    check(post(machine, "{}", content_type=content_type), 415, "unsupported_media_type")


def test_another_charset_is_415(machine):
    answer = post(machine, "{}", content_type="application/json; charset=latin-1")
    check(answer, 415, "unsupported_media_type")


def test_a_body_over_five_megabytes_is_413(machine):
    body = b'{"client": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    problem = check(post(machine, body), 413, "body_too_large")
    assert "5242880" in problem["detail"]


def test_a_failure_of_ours_is_500_without_internals_and_the_log_has_the_traceback(db, caplog):
    answer = caller().get("/api/v1/breaks")
    check(answer, 500, "internal_error")
    assert "secret" not in answer.content.decode()
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "secret internals" in str(record.exc_info[1])


def test_a_failure_outside_of_the_api_is_a_page(db):
    answer = caller().get("/breaks")
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (500, "text/html")
    assert answer["X-Request-ID"].startswith("req_")


def test_a_ban_of_djangos_own_is_403(db):
    check(caller().get("/api/v1/forbids"), 403, "not_permitted")


@pytest.mark.parametrize(("path", "status"), [("/forbids", 403), ("/suspects", 400)])
def test_a_ban_outside_of_the_api_is_a_page(db, path, status):
    answer = caller().get(path)
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (status, "text/html")


def test_a_host_that_is_not_ours_is_400(db):
    check(caller().get("/api/v1/echo", headers={"Host": "evil.example"}), 400, "bad_request")
