from io import BytesIO
from typing import Any

import pytest

from integrations.bodies import LIMIT, with_known_length


def measured(method, body, **environ):
    seen: dict[str, Any] = {}

    def application(environ, start_response):
        seen.update(environ, body=environ["wsgi.input"].read())
        return [b""]

    environ = {"REQUEST_METHOD": method, "wsgi.input": BytesIO(body), "wsgi.input_terminated": True, **environ}
    with_known_length(application)(environ, print)
    return seen


@pytest.mark.parametrize("body", [b"", b'{"issue": true}'])
def test_a_body_without_a_length_is_measured(body):
    seen = measured("POST", body)
    assert (seen["CONTENT_LENGTH"], seen["body"]) == (str(len(body)), body)


def test_an_endless_body_is_cut_where_it_is_too_large_anyway():
    assert measured("POST", b"x" * (LIMIT + 1))["CONTENT_LENGTH"] == str(LIMIT)


@pytest.mark.parametrize(
    ("method", "environ"),
    [
        ("POST", {"CONTENT_LENGTH": "2"}),
        ("POST", {"wsgi.input_terminated": False}),
        ("GET", {}),
    ],
)
def test_where_the_length_is_known_or_could_not_be_found_nothing_changes(method, environ):
    seen = measured(method, b"{}", **environ)
    assert seen.get("CONTENT_LENGTH") == environ.get("CONTENT_LENGTH")
    assert seen["body"] == b"{}"
