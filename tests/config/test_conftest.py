"""The guard around the test run itself."""

import socket

import pytest

from tests.conftest import OutsideWorldError


def test_a_test_cannot_reach_another_machine():
    with socket.socket() as outside, pytest.raises(OutsideWorldError):
        outside.connect(("192.0.2.1", 80))


def test_a_test_may_reach_its_own_machine():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
