import pytest
from django.test import RequestFactory

from integrations.context import current
from integrations.middleware import ADMIN_POLICY, STRICT_POLICY, client_address
from tests.builders import a_seller
from tests.integrations.doors import a_token, caller

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.integrations.doors")]
URL = "/api/v1/echo"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("path", [URL, "/api/v1/nothing", "/nothing", "/api/v1/breaks", "/breaks"])
def test_every_answer_carries_our_request_id_and_a_correlation_id(path):
    answer = caller(**{"X-Correlation-ID": "order:7", "X-Request-ID": "mine"}).get(path)
    assert answer["X-Request-ID"].startswith("req_")
    assert len(answer["X-Request-ID"]) == 36
    assert answer["X-Correlation-ID"] == "order:7"


def test_request_ids_differ():
    assert caller().get(URL)["X-Request-ID"] != caller().get(URL)["X-Request-ID"]


def test_without_any_the_correlation_id_is_our_request_id():
    answer = caller().get(URL)
    assert answer["X-Correlation-ID"] == answer["X-Request-ID"]


@pytest.mark.parametrize(
    ("traceparent", "taken"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", True),
        (f"01-{TRACE}-00f067aa0ba902b7-01-more", True),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", False),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", False),
        (TRACE, False),
    ],
)
def test_the_trace_id_of_a_valid_traceparent_serves_as_correlation_id(traceparent, taken):
    assert (caller(traceparent=traceparent).get(URL)["X-Correlation-ID"] == TRACE) is taken


def test_the_callers_correlation_id_comes_before_the_trace_id():
    headers = {"X-Correlation-ID": "mine", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    assert caller(**headers).get(URL)["X-Correlation-ID"] == "mine"


@pytest.mark.parametrize("sent", ["", "two words", "ñ", "x" * 129, "a,b", "a\x00"])
def test_a_malformed_correlation_id_is_refused_on_the_machines_paths(sent):
    answer = caller(**{"X-Correlation-ID": sent}).get(URL)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "correlation_id_invalid")
    assert [error["header"] for error in problem["errors"]] == ["X-Correlation-ID"]
    assert problem["correlation_id"] == answer["X-Correlation-ID"] == answer["X-Request-ID"]


def test_a_malformed_correlation_id_is_ignored_elsewhere():
    answer = caller(**{"X-Correlation-ID": "two words"}).get("/nothing")
    assert answer.status_code == 404
    assert answer["X-Correlation-ID"] == answer["X-Request-ID"]


def test_the_context_ends_with_the_request():
    caller().get(URL)
    assert current.get().request_id == ""


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        (0, "192.0.2.1", "", "192.0.2.1"),
        (0, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (1, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "nonsense", ""),
        (0, "::ffff:192.0.2.1", "", "192.0.2.1"),
        (0, "fe80::1%eth0", "", "fe80::1"),
        (0, "", "", ""),
    ],
)
def test_the_address_is_the_one_that_our_own_proxies_saw(settings, proxies, peer, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR=peer)
    assert client_address(request) == address


@pytest.mark.parametrize("path", [URL, "/nothing"])
def test_nothing_may_be_loaded_from_elsewhere(path):
    assert caller().get(path)["Content-Security-Policy"] == STRICT_POLICY


@pytest.mark.urls("config.urls")
def test_the_admin_alone_gets_what_its_theme_needs():
    answer = caller().get("/admin/login/")
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == ADMIN_POLICY


def test_the_rate_limit_stands_on_every_answer_to_a_known_token():
    machine = caller(a_token(a_seller(), calls_per_minute=600))
    for answer in (machine.get(URL), machine.post(URL), machine.put(URL)):
        assert answer["RateLimit-Policy"] == '"default";q=600;w=60'
        assert answer["RateLimit"].startswith('"default";r=59')
    assert "RateLimit" not in caller().get(URL)
