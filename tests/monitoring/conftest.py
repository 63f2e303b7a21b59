"""Calls at real doors, counted as in a web process, and kept when the test says so."""

from __future__ import annotations

import pytest

from integrations.monitoring import counting, keeping


@pytest.fixture(autouse=True)
def _counted_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests did at the door is not ours."""
    monkeypatch.setattr(keeping, "_counter", counting.CallCounter())
    monkeypatch.setattr(counting, "_repeats", counting.Repeats())
