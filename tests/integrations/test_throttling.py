import sys
import uuid
from types import SimpleNamespace

import pytest

from integrations import throttling
from integrations.errors import TooManyRequests
from integrations.throttling import ProcessCounter, RedisCounter, count_call, standing
from tests.builders import a_seller
from tests.integrations.doors import a_token, caller

TOKEN = uuid.UUID(int=1)


def now_standing():
    rate = standing.get()
    assert rate is not None
    return rate


@pytest.fixture
def share(monkeypatch):
    """Replaces this process's counter by a fresh one with the given share."""

    def use(counter):
        monkeypatch.setattr(throttling, "counter", lambda: counter)

    return use


def test_a_minute_has_its_quota_and_the_next_one_a_new_one(share):
    share(ProcessCounter(1))
    for left in (1, 0):
        count_call(TOKEN, 2, now=60.5)
        assert now_standing().headers == {
            "RateLimit-Policy": '"default";q=2;w=60',
            "RateLimit": f'"default";r={left};t=60',
        }
    with pytest.raises(TooManyRequests) as refused:
        count_call(TOKEN, 2, now=100)
    assert (refused.value.code, refused.value.headers) == ("rate_limited", {"Retry-After": "20"})
    count_call(TOKEN, 2, now=120)
    assert now_standing().remaining == 1


def test_tokens_do_not_share_a_quota(share):
    share(ProcessCounter(1))
    count_call(TOKEN, 1, now=60)
    count_call(uuid.UUID(int=2), 1, now=60)
    assert now_standing().remaining == 0


def test_each_process_has_its_share_rounded_up(share):
    share(ProcessCounter(4))
    for _ in range(3):
        count_call(TOKEN, 10, now=60)
    with pytest.raises(TooManyRequests):
        count_call(TOKEN, 10, now=60)
    assert now_standing().quota == 10


@pytest.mark.django_db
@pytest.mark.urls("tests.integrations.doors")
def test_over_the_quota_the_answer_is_429_and_says_when_to_come_back():
    machine = caller(a_token(a_seller(), calls_per_minute=1))
    answers = [machine.get("/api/v1/echo") for _ in range(3)]  # a minute may end between two of them
    answer = next(answer for answer in answers if answer.status_code == 429)
    assert answer.json()["code"] == "rate_limited"
    assert answer["RateLimit"] == f'"default";r=0;t={answer["Retry-After"]}'
    assert 1 <= int(answer["Retry-After"]) <= 60


class Pipeline:
    """Redis's pipeline as the counter uses it."""

    def __init__(self, values, broken):
        self.values, self.broken = values, broken

    def incr(self, name):
        self.values[name] = self.values.get(name, 0) + 1
        self.name = name
        return self

    def expire(self, name, seconds):
        assert seconds > throttling.WINDOW
        return self

    def execute(self):
        if self.broken:
            raise ConnectionError
        return [self.values[self.name], True]


class Redis:
    def __init__(self):
        self.values, self.broken = {}, False

    def pipeline(self):
        return Pipeline(self.values, self.broken)


def test_in_redis_all_processes_count_together():
    redis = Redis()
    one, other = (RedisCounter(redis, failure=ConnectionError) for _ in range(2))
    assert [one.add("k", 1), other.add("k", 1), one.add("k", 2)] == [1, 2, 1]


def test_redis_is_asked_where_it_is_configured(settings, monkeypatch):
    redis, asked = Redis(), []

    def from_url(url, **_options):
        asked.append(url)
        return redis

    module = SimpleNamespace(RedisError=ConnectionError, Redis=SimpleNamespace(from_url=from_url))
    monkeypatch.setitem(sys.modules, "redis", module)
    settings.REDIS_URL = "redis://localhost"
    throttling.counter.cache_clear()
    try:
        assert throttling.counter().add("k", 1) == 1
    finally:
        throttling.counter.cache_clear()
    assert asked == ["redis://localhost"]
    assert len(redis.values) == 1


def test_while_redis_is_away_the_process_counts_alone():
    redis = Redis()
    counter = RedisCounter(redis, failure=ConnectionError)
    counter.add("k", 1)
    redis.broken = True
    assert [counter.add("k", 1), counter.add("k", 1)] == [1, 2]
