"""No line of log holds a secret or a person: everything is done with marked ones, well and badly, at the most talkative
level, and the lines are searched."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DataError, IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.urls import path
from django.utils import timezone

from clients.models import Client
from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as real_urls
from integrations.logs import JsonFormatter, RequestFilter
from integrations.models import EndpointSecret, WebhookDelivery
from integrations.services.alerting import notify
from integrations.services.delivering import Deliveries
from integrations.services.noticing import send_due_notices
from integrations.services.sequencing import number_events
from tests.admin.people import a_person
from tests.api.machines import Machine, an_invoice_body
from tests.api.test_oauth import a_known
from tests.builders import a_client, a_seller, an_invoice
from tests.integrations.webhooks.listening import work
from tests.mail_server import MailServer
from tests.receiver import Receiver, Reply
from tests.verifactu.aeat.wallets import put
from verifactu.services.sending import send_due

__all__ = ["handler400", "handler403", "handler404", "handler500"]

NAME, STREET, MAIL, NIF = "Lucía Marcada Ruiz", "Calle Señalada", "lucia.marcada@example.com", "99999972C"
PASSWORD, PASSPHRASE = "contraseña-marcada", "frase-marcada-del-certificado"
WELL_FORMED_UNKNOWN = "corr_test_0000000000000000000000000000000000000000000"


def breaks(request: HttpRequest) -> HttpResponse:
    """A defect of ours, of the kinds that quote what they stumble over."""
    said = json.loads(request.body)
    if said["how"] == "key":
        {}[said["name"]]
    if said["how"] == "value":
        int(said["name"])
    if said["how"] == "chain":
        try:
            {}[said["name"]]
        except KeyError as error:
            raise RuntimeError(f"no place for {said['name']!r} of {said['email']} ({said['tax_id']})") from error
    if said["how"] == "uuid":
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::uuid", [said["name"]])
    if said["how"] == "row":
        Client.objects.filter(name=said["name"]).update(tax_id_kind="")
    raise AssertionError(f"'{said['name']}', with {said['token']} and {said['secret']}")


urlpatterns = [path("api/v1/breaks", breaks), *real_urls]


class Listening:
    """Everything that is logged, as it is written, at every level."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._handler = logging.StreamHandler(self._stream)
        self._handler.setFormatter(JsonFormatter())
        self._handler.addFilter(RequestFilter())
        self._handler.addFilter(lambda record: record.name != "aiohttp.access")  # the receiver is somebody else's

    def __enter__(self):
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger().setLevel(self._level)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]

    def holds_none_of(self, *secrets: str) -> None:
        told = json.dumps(self.lines, ensure_ascii=False)
        for secret in secrets:
            assert secret not in told, next(
                line for line in self.lines if secret in json.dumps(line, ensure_ascii=False)
            )


@pytest.fixture
def listening():
    with Listening() as listening:
        yield listening


@pytest.fixture
def seller(db):
    return a_seller()


def a_buyer(**changes):
    address = {"street": STREET, "postal_code": "28013", "city": "Madrid", "province": "Madrid", "country": "ES"}
    return {"name": NAME, "tax_id": NIF, "country": "ES", "email": MAIL, "address": address, **changes}


def test_calls_of_the_api_tell_their_route_and_nothing_of_what_they_carry(listening, seller):
    known = a_known(seller)
    machine = known.machine()
    machine.post("/clients", {**a_buyer(), "external_id": NAME})
    machine.post("/clients", {**a_buyer(tax_id="99999999X"), "surname": NAME})
    machine.post("/invoices", an_invoice_body(a_buyer(), issue=True, notes=NAME))
    machine.post("/invoices", "{" + NAME)
    machine.get(f"/clients?tax_id={NIF}")
    machine.get(f"/clients?email={MAIL}&token={machine.secret}")
    machine.get("/invoices?source_event=shop:order.paid:1", X_On_Behalf_Of="Luc%C3%ADa%20Marcada%20Ruiz")
    browser = Browser(raise_request_exception=False)
    for secret in (machine.secret, machine.secret[:-1], WELL_FORMED_UNKNOWN, PASSWORD):
        browser.get("/api/v1/token", headers={"Authorization": f"Bearer {secret}"})
    browser.get(f"/api/v1/people/{NAME}/{NIF}/{machine.secret}")
    browser.get("/api/v1/token", headers={"Authorization": f"Basic {PASSWORD}"})
    operations = [line["operation"] for line in listening.lines if line["message"] == "call"]
    assert "POST /api/v1/invoices" in operations
    assert "GET (unknown path)" in operations
    listening.holds_none_of(NAME, STREET, MAIL, NIF, PASSWORD, machine.secret, machine.secret[:-1], WELL_FORMED_UNKNOWN)
    listening.holds_none_of("Luc%C3%ADa", "99999999X", known.secret)


def test_oauth_tells_neither_clients_secrets_nor_access_tokens(listening, seller):
    known = a_known(seller)
    token = known.ask().json()["access_token"]
    known.ask(secret=PASSWORD)
    Browser().post(
        "/oauth/token",
        {"grant_type": "client_credentials", "client_id": known.client_id, "client_secret": known.secret},
    )
    Browser().post("/oauth/token", {"grant_type": "password", "username": MAIL, "password": PASSWORD})
    Machine(token).get("/token")
    assert next(line["operation"] for line in listening.lines if line["message"] == "call") == "POST /oauth/token"
    listening.holds_none_of(token, known.secret, PASSWORD, MAIL, known.basic())


@pytest.mark.urls("tests.monitoring.test_silence")
@pytest.mark.parametrize("how", ["key", "value", "chain", "uuid", "row", "assertion"])
def test_defects_of_ours_say_where_and_not_with_what(listening, seller, how):
    a_client(seller, name=NAME, tax_id=NIF, street=STREET, email=MAIL)
    token = a_known(seller).machine().secret
    body = {"how": how, "name": NAME, "email": MAIL, "tax_id": NIF, "token": token, "secret": "whsec_bWFyY2Fkbw=="}
    with transaction.atomic():
        answer = Browser(raise_request_exception=False).post("/api/v1/breaks", body, content_type="application/json")
        transaction.set_rollback(True)
    assert answer.status_code == 500
    [line] = [line for line in listening.lines if line["level"] == "ERROR"]
    assert "test_silence.py" in line["traceback"]
    assert line["request_id"] == answer.json()["request_id"]
    listening.holds_none_of(NAME, STREET, MAIL, NIF, token, "whsec_bWFy")


@pytest.mark.django_db
def test_the_door_of_people_tells_no_password(listening):
    a_person("maria", "finance")
    browser = Browser(enforce_csrf_checks=False, raise_request_exception=False)
    for form in (
        {"username": "maria", "password": PASSWORD},
        {"username": MAIL, "password": PASSWORD},
        {"username": PASSWORD, "password": ""},
        {"username": "maria", "password": "correct horse battery staple"},
    ):
        browser.post(f"/admin/login/?next=/admin/{MAIL}", form)
    browser.get(f"/admin/clients/client/?q={NIF}")
    browser.get(f"/admin/{NAME}/")
    Browser(enforce_csrf_checks=True).post("/admin/login/", {"username": MAIL, "password": PASSWORD})
    listening.holds_none_of(PASSWORD, MAIL, NIF, NAME, "correct horse battery staple")


@pytest.mark.django_db(transaction=True)
def test_webhooks_tell_no_secret_and_nothing_of_what_they_carry(listening, settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]
    seller = a_seller()
    machine = a_known(seller).machine()
    with Receiver() as receiver:
        receiver.will_answer(
            "/shop?key=marked-key", Reply(500, body=NAME.encode()), Reply(302, headers={"Location": f"/{NIF}"})
        )
        made = machine.post(
            "/webhook-endpoints", {"url": receiver.url("/shop?key=marked-key"), "event_types": ["*"]}
        ).json()
        machine.post("/webhook-endpoints", {"url": f"https://user:{PASSWORD}@example.com/", "event_types": ["*"]})
        machine.post("/webhook-endpoints", {"url": "https://10.0.0.1/?key=marked-key", "event_types": ["*"]})
        second = machine.post(f"/webhook-endpoints/{made['id']}/rotate-secret", {}).json()
        an_invoice(a_client(seller, name=NAME, tax_id=NIF, street=STREET, email=MAIL))
        while number_events(now=timezone.now()):
            pass
        for minutes in (0, 10, 60):
            work(Deliveries(), now=timezone.now() + timedelta(minutes=minutes))
        EndpointSecret.objects.update(encrypted=b"nonsense")
        WebhookDelivery.objects.update(state="pending", due_at=timezone.now(), finished_at=None)
        work(Deliveries(), now=timezone.now() + timedelta(hours=10))
        assert len(receiver.calls()) >= 3
    assert [line for line in listening.lines if "delivery" in line["message"] or "deliver" in line["logger"]]
    listening.holds_none_of(
        made["secret"], second["secret"], "marked-key", NAME, NIF, STREET, MAIL, PASSWORD, machine.secret
    )


@pytest.mark.django_db
def test_workers_tell_ids_alone(listening, settings, tmp_path):
    settings.CERTIFICATES_FOLDER = tmp_path
    seller = a_seller()
    put(tmp_path, b"no certificate", password=PASSPHRASE, name=seller.tax_id)
    invoice = an_invoice(a_client(seller, name=NAME, tax_id=NIF, street=STREET, email=MAIL), now=timezone.now()).invoice
    send_due(now=timezone.now())
    call_command("work", "--once", "--only", "documents", "deployment", "feed")
    with MailServer() as server:
        server.refuses = f"550 {MAIL}: no such user"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "", ""
        notify(channel="mail", recipient=MAIL, subject=NAME, text=NIF, now=timezone.now())
        send_due_notices(now=timezone.now())
    rendered = [line for line in listening.lines if "rendered" in line["message"]]
    assert [line["correlation_id"] for line in rendered] == [invoice.correlation_id]
    assert [line for line in listening.lines if "is stopped" in line["message"]]
    assert [line for line in listening.lines if "was not sent" in line["message"]]
    listening.holds_none_of(PASSPHRASE, NAME, NIF, STREET, MAIL, seller.tax_id, seller.legal_name)


def written(error: BaseException) -> str:
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, "It failed", (), info)
    return str(json.loads(JsonFormatter().format(record))["traceback"])


@pytest.mark.parametrize(
    "error, told",
    [
        (KeyError("Lucía"), "KeyError: (left out)"),
        (ValueError("invalid literal for int() with base 10: 'Lucía'"), "with base 10: (left out)"),
        (AttributeError("'NoneType' object has no attribute 'name'"), "'NoneType' object has no attribute 'name'"),
        (TypeError("unsupported operand type(s) for +: 'int' and 'str'"), "'int' and 'str'"),
        (IntegrityError('new row for relation "a" violates "b"'), 'relation "a" violates "b"'),
        (DataError('invalid input syntax for type uuid: "Lucía"'), "for type uuid: (left out)"),
        (RuntimeError("Bearer abc.def-123 was refused"), "was refused"),
    ],
)
def test_what_an_exception_says_stays_as_far_as_it_may(error, told):
    text = written(error)
    assert told in text
    assert "Lucía" not in text
    assert "abc.def" not in text


def test_every_line_is_json_with_its_ids(listening, seller):
    answer = Machine(a_known(seller).machine().secret).get("/token", X_Correlation_ID="order-7")
    line = next(line for line in listening.lines if line.get("operation") == "GET /api/v1/token")
    assert line["correlation_id"] == "order-7"
    assert line["request_id"] == answer["X-Request-ID"]
    assert (line["status"], line.get("code"), line["message"]) == (200, None, "call")
    assert line["ms"] >= 0
