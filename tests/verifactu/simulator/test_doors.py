"""Who is let in: TLS, certificates, doors."""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.verifactu.simulator.sending import HOLDERS, NOON, OTHER, Chain, Clock, Sender, submission
from verifactu.simulator.authority import Authority, Holder, Kind
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.simulated import SimulatedAeat
from verifactu.simulator.site import SERVICE

PERSON = HOLDERS["89890001K"]
SEAL = Holder("89890001K", "Ana Ejemplo Primera", Kind.SEAL)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
TOMORROW = datetime.now(UTC) + timedelta(days=1)


def test_whoever_has_no_good_certificate_is_sent_to_an_error_page_and_nothing_is_processed(
    simulated: SimulatedAeat, chain: Chain
) -> None:
    foreign = simulated.folder.foreign_authority()
    bad = {
        "no certificate": None,
        "a certificate of an unknown authority": foreign.certify(PERSON),
        "a certificate that has ended or has not begun": simulated.authority.certify(PERSON, ends=YESTERDAY),
        "a certificate without a NIF": simulated.authority.certify(Holder("", "")),
    }
    for objection, identity in bad.items():
        answer = Sender(simulated, identity).send(chain.register())

        assert (answer.status, answer.headers["Location"]) == (302, "/Sede/errores/erro4011.html")
        assert simulated.log.entries()[-1].outcome == objection
    assert simulated.accepted() == []


def test_a_certificate_that_has_not_begun_is_no_good_either(simulated: SimulatedAeat, chain: Chain) -> None:
    early = simulated.authority.certify(PERSON, begins=TOMORROW, ends=TOMORROW + timedelta(days=1))

    assert Sender(simulated, early).send(chain.register()).status == 302


def test_a_stranger_to_both_authorities_does_not_get_as_far_as_an_answer(
    simulated: SimulatedAeat, chain: Chain
) -> None:
    stranger = Sender(simulated, Authority.create(name="Nadie").certify(PERSON))

    with pytest.raises((ssl.SSLError, ConnectionError)):
        stranger.send(chain.register())
    assert simulated.accepted() == []


def test_a_client_that_does_not_trust_us_finds_out(simulated: SimulatedAeat, sender: Sender) -> None:
    context = ssl.create_default_context()

    with (
        socket.create_connection(("127.0.0.1", _port(simulated))) as connection,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(connection, server_hostname="localhost")
    assert sender.ask("GET", "/").status == 200


def test_one_may_send_for_oneself_and_for_nobody_else(sender: Sender, clock: Clock) -> None:
    others = Chain(clock, issuer=OTHER)

    answer = sender.send(others.register(), issuer=OTHER)

    assert answer.status == 500
    assert answer.fault[0] == "env:Client"
    assert answer.fault[1].startswith("Codigo[4112].El titular del certificado debe ser Obligado Emisión")
    assert sender.simulated.accepted() == []


def test_who_is_authorised_may_send_for_another(sender: Sender, clock: Clock) -> None:
    sender.simulated.authorise("89890001K", "B99999021")
    others = Chain(clock, issuer=OTHER)

    answer = sender.send(others.register(), issuer=OTHER)

    assert answer.states() == [("Correcto", None)]
    assert answer.result.presenter_tax_id == "89890001K"


def test_an_entitys_representative_sends_for_the_entity(simulated: SimulatedAeat, clock: Clock) -> None:
    representative = Sender(simulated, simulated.authority.certify(HOLDERS["B99999021"]))

    answer = representative.send(Chain(clock, issuer=OTHER).register(), issuer=OTHER)

    assert answer.states() == [("Correcto", None)]
    assert answer.result.presenter_tax_id == "B99999021"


def test_without_a_door_for_seals_the_one_door_takes_everybody(simulated: SimulatedAeat, chain: Chain) -> None:
    assert Sender(simulated, simulated.authority.certify(SEAL)).send(chain.register()).status == 200


def test_with_a_door_for_seals_each_is_refused_at_the_others(tmp_path: Path, clock: Clock, chain: Chain) -> None:
    with SimulatedAeat(tmp_path, clock=clock, holders=HOLDERS, seal_port=0) as both:
        person, seal = both.authority.certify(PERSON), both.authority.certify(SEAL)

        assert Sender(both, seal).send(chain.register()).status == 401
        assert Sender(both, person, both.seal_url).send(chain.register()).status == 401
        assert both.accepted() == []
        assert Sender(both, person).send(chain.register("A-8")).status == 200
        assert Sender(both, seal, both.seal_url).send(chain.register("A-9")).status == 200


def test_the_service_is_not_for_get(sender: Sender) -> None:
    answer = sender.ask("GET", SERVICE)

    assert answer.fault == ("env:Client", "Codigo[4135].Esta URL no puede ser utilizada mediante GET.")


def test_there_is_nothing_elsewhere(sender: Sender) -> None:
    assert sender.ask("GET", "/wlpl/otra").status == 404
    assert sender.ask("GET", "/").status == 200
    assert "4011" in sender.ask("GET", "/Sede/errores/erro4011.html").body.decode()


def test_the_date_of_an_answer_is_the_aeats_clock(sender: Sender) -> None:
    assert parsedate_to_datetime(sender.ask("GET", "/").headers["Date"]) == NOON
    sender.simulated.script(FaultKind.CLOCK_SKEW, seconds=300)
    assert parsedate_to_datetime(sender.ask("GET", "/").headers["Date"]) == NOON + timedelta(seconds=300)


def test_a_message_that_is_too_large_or_has_no_length_is_not_read(simulated: SimulatedAeat, sender: Sender) -> None:
    with ssl_socket(simulated, sender) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
        assert b" 413 " in connection.recv(200)
    with ssl_socket(simulated, sender) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n")
        assert b" 411 " in connection.recv(200)


def test_noise_instead_of_tls_disturbs_nobody(simulated: SimulatedAeat, sender: Sender, chain: Chain) -> None:
    with socket.create_connection(("127.0.0.1", _port(simulated))) as noise:
        noise.sendall(b"GET / HTTP/1.0\r\n\r\n")

        assert sender.send(chain.register()).status == 200


def ssl_socket(simulated: SimulatedAeat, sender: Sender) -> ssl.SSLSocket:
    connection = socket.create_connection(("127.0.0.1", _port(simulated)))
    return sender.context().wrap_socket(connection, server_hostname="localhost")


def _port(simulated: SimulatedAeat) -> int:
    return int(simulated.url.rpartition(":")[2])


def test_what_it_holds_survives_a_restart(tmp_path: Path, clock: Clock, chain: Chain) -> None:
    record = chain.register()
    with SimulatedAeat(tmp_path, clock=clock, holders=HOLDERS, keeps_records=True) as first:
        Sender(first, first.authority.certify(PERSON)).send(record)
        certificate = first.folder.pkcs12_file("89890001K").read_bytes()

    with SimulatedAeat(tmp_path, clock=clock, holders=HOLDERS, keeps_records=True) as second:
        answer = Sender(second, second.authority.certify(PERSON)).send(record)
        assert answer.states() == [("Incorrecto", 3000)]
        assert second.folder.pkcs12_file("89890001K").read_bytes() == certificate
        assert second.folder.store_file.stat().st_mode & 0o777 == 0o600


def test_many_may_send_at_once(sender: Sender, clock: Clock) -> None:
    record = Chain(clock).register()
    with ThreadPoolExecutor(8) as pool:
        states = [answer.states()[0] for answer in pool.map(lambda _: sender.send(record), range(16))]

    assert sorted(states, key=str) == [("Correcto", None), *[("Incorrecto", 3000)] * 15]
    assert sender.simulated.times_accepted() == {sender.simulated.accepted()[0].fingerprint: 1}


def test_a_body_of_another_service_is_refused(sender: Sender) -> None:
    body = submission().replace(b"RegFactuSistemaFacturacion", b"OtraCosa")

    assert sender.ask("POST", SERVICE, body).fault[1].startswith("Codigo[4102]")
