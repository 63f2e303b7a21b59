"""The same seller, buyer and machine as in the tests of the door."""

from tests.api.conftest import client, machine, seller

__all__ = ["client", "machine", "seller"]
