"""``/metrics`` is what Prometheus reads: valid text, every figure explained, and read from rows."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from config.exposition import exposition, labelled
from config.metrics import EXPLAINED, figures
from integrations.models import CallMinute, WorkerHeartbeat
from integrations.services.alerting import notify, raise_alert
from tests.builders import a_client, a_seller, an_invoice
from tests.monitoring.machines_at_work import a_token_row, a_week

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)")


def parse(text):
    """The rules of the format (prometheus.io/docs/instrumenting/exposition_formats): one group a name, HELP and TYPE
    once and before its samples, no sample twice, values that are numbers, a line feed at the end."""
    assert text.endswith("\n")
    helped, typed, samples, group = set(), {}, {}, ""
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped
            helped.add(name)
            group = name
        elif line.startswith("# TYPE "):
            _hash, _type, name, kind = line.split(" ")
            assert name == group
            assert name not in typed
            assert kind in {"counter", "gauge", "histogram", "summary", "untyped"}
            typed[name] = kind
        else:
            found = _SAMPLE.fullmatch(line)
            assert found, line
            name, labels, value = found.groups()
            assert name == group
            assert name in typed
            assert (name, labels) not in samples
            assert not math.isnan(float(value))
            samples[name, labels] = float(value)
    return samples


def test_the_parser_sees_what_is_wrong():
    good = "# HELP a A.\n# TYPE a gauge\na 1\n"
    assert parse(good) == {("a", None): 1}
    for bad in (
        "a 1\n",
        good[:-1],
        good + "a 1\n",
        good + good,
        '# HELP a A.\n# TYPE a gauge\na{b="c} 1\n',
        good + "b 1\n",
    ):
        with pytest.raises(AssertionError):
            parse(bad)


def test_labels_may_hold_anything():
    text = exposition([(labelled("a", b='say "x"\\\n', c="é"), 1)], {"a": "A."})
    assert len(parse(text)) == 1


@pytest.mark.django_db
def test_all_of_it_is_valid_and_explained():
    seller = a_seller()
    now = timezone.now()
    a_week(seller, now=now)
    an_invoice(a_client(seller), now=now)
    WorkerHeartbeat.objects.create(name='odd "step"', at=now)
    raise_alert(kind="late_feed", key="feed", severity="critical", facts={"minutes": 3}, now=now)
    notify(channel="mail", recipient="a@example.com", subject="s", text="t", now=now)
    samples = parse(Client().get("/metrics").content.decode())
    assert {name.removeprefix("correlativa_") for name, _labels in samples} <= set(EXPLAINED)

    def value(name, labels=None):
        return samples[f"correlativa_{name}", labels]

    assert value("webhook_deliveries", 'state="pending",mode="test"') == 20
    assert value("webhook_deliveries", 'state="dead",mode="test"') == 3
    assert value("webhook_oldest_pending_seconds", 'mode="test"') == pytest.approx(39 * 60, abs=60)
    assert value("webhook_endpoints", 'status="disabled",mode="test"') == 1
    assert value("events_unnumbered") > 0
    assert value("alerts_open", 'kind="late_feed",severity="critical"') == 1
    assert value("alerts_unacknowledged", 'severity="critical"') == 1
    assert value("notices", 'state="pending"') == 1
    assert value("notices", 'state="failed"') == 0
    assert value("tokens_expiring", 'mode="test"') == 1


@pytest.mark.django_db
def test_calls_are_those_of_five_whole_minutes():
    token = a_token_row(a_seller(), "shop", now=timezone.now())
    now = timezone.now().replace(second=30)
    for minutes, calls, status in ((0, 100, 200), (1, 4, 200), (5, 2, 201), (5, 3, 422), (6, 100, 200)):
        CallMinute.objects.create(
            minute=now.replace(second=0, microsecond=0) - timedelta(minutes=minutes),
            token=token,
            operation="POST /api/v1/invoices",
            status=status,
            code="",
            calls=calls,
            total_ms=calls * 500,
            max_ms=500,
            over_200_ms=calls,
        )
    read = dict(figures(now))
    post = "POST /api/v1/invoices"
    assert read[labelled("api_calls_5m", operation=post, status="2xx")] == 6
    assert read[labelled("api_calls_5m", operation=post, status="4xx")] == 3
    assert read[labelled("api_call_seconds_5m", operation=post)] == 4.5
    assert read[labelled("api_slow_calls_5m", operation=post, over="200ms")] == 9
    assert read[labelled("api_slow_calls_5m", operation=post, over="1s")] == 0


@pytest.mark.django_db
def test_every_figure_that_alerts_are_advised_on_exists():
    rules = (Path(__file__).parents[2] / "docs" / "prometheus-alerts.yml").read_text()
    named = set(re.findall(r"correlativa_(\w+)", rules))
    assert named
    assert named <= set(EXPLAINED)
