"""What rejects a record, and what it is stored in spite of."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.verifactu.oracles import vectors
from tests.verifactu.samples import SYSTEM, TODAY, a_breakdown, a_registration
from tests.verifactu.simulator.sending import ISSUER, OTHER, Chain, Sender
from verifactu.billing_system import BillingSystem
from verifactu.codes import FiscalType, GeneratedBy, IdType, IssuedBy, Regime, Tax, TaxCategory
from verifactu.registration import Annulment, OtherId, Party, Reference
from verifactu.simulator.faults import FaultKind
from verifactu.xml import Link

NOBODY = Party("Nadie", "99999999R")
TOMORROW = TODAY + timedelta(days=1)


def replaced(record: bytes, element: str, content: str) -> bytes:
    changed = re.sub(f"(<sum1:{element}>)[^<]*(<)".encode(), rb"\g<1>" + content.encode() + rb"\g<2>", record)
    assert changed != record
    return changed


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": OTHER}, 1108),
        ({"number": "Ñ-1"}, 1130),
        ({"number": "A=1"}, 1287),
        ({"issue_date": TOMORROW}, 1112),
        ({"issue_date": date(2023, 12, 31)}, 1152),
        ({"recipients": ()}, 1189),
        ({"fiscal_type": FiscalType.SIMPLIFIED}, 1190),
        ({"recipients": (ISSUER,)}, 1193),
        ({"recipients": (NOBODY,)}, 1239),
        ({"issued_by": IssuedBy.THIRD_PARTY, "third_party": NOBODY}, 1178),
        ({"issued_by": IssuedBy.THIRD_PARTY, "third_party": ISSUER}, 1188),
        ({"breakdowns": (a_breakdown(tax_category=TaxCategory.REVERSE_CHARGE),)}, 1198),
        ({"breakdowns": (a_breakdown(tax_rate=Decimal(19), tax_amount=Decimal(19)),)}, 1124),
        ({"breakdowns": (a_breakdown(tax_amount=Decimal(41)),)}, 1142),
        ({"breakdowns": (a_breakdown(tax_amount=Decimal(-1), taxable_amount=Decimal(1)),)}, 1143),
        ({"fiscal_type": FiscalType.SIMPLIFIED, "recipients": (), "breakdowns": (a_breakdown(taxable_amount=Decimal(3000), tax_amount=Decimal(630)),)}, 1150),
        ({"fiscal_type": FiscalType.CORRECTIVE_OTHER}, 1114),
        ({"corrected": (Reference("89890001K", "A-0", TODAY),)}, 1117),
        ({"coupon": True}, 1157),
        ({"fiscal_type": FiscalType.REPLACEMENT, "replaced": (Reference(NOBODY.nif, "A-0", TODAY),)}, 1154),
        ({"issuer": Party("Nadie", "89890001K"), "third_party": NOBODY}, 1155),
        ({"invoicing_agreement": "ACUERDO"}, 1128),
    ],
)  # fmt: skip
def test_a_registration_that_breaks_a_rule_is_rejected(changes, code, sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.UNKNOWN_TAX_ID, tax_id=NOBODY.nif)

    answer = sender.send(chain.register(**changes))

    assert answer.states() == [("Incorrecto", code)]
    assert answer.result.records[0].error_description
    assert sender.simulated.accepted() == []


@pytest.mark.parametrize(
    ("element", "content", "code"),
    [
        ("DescripcionOperacion", " ", 1100),
        ("IdSistemaInformatico", "co", 1177),
        ("FechaHoraHusoGenRegistro", "2026-11-23T12:00:00.5+00:00", 1244),
        ("FechaHoraHusoGenRegistro", "2026-11-23T12:00:00", 1244),
        ("FechaHoraHusoGenRegistro", "2026-11-23T24:00:00+00:00", 1244),
        ("Huella", "ABC", 1262),
        ("Huella", "A" * 63 + "-", 1292),
    ],
)
def test_what_is_badly_written_is_rejected(element, content, code, sender: Sender, chain: Chain) -> None:
    assert sender.send(replaced(chain.register(), element, content)).states() == [("Incorrecto", code)]


def test_a_day_that_does_not_exist_is_rejected_and_comes_back_as_it_was(sender: Sender, chain: Chain) -> None:
    answer = sender.send(replaced(chain.register(), "FechaExpedicionFactura", "31-02-2026"))

    assert b">1105<" in answer.body
    assert b">31-02-2026<" in answer.body


def test_a_large_amount_says_so_and_no_other_does(sender: Sender, chain: Chain) -> None:
    base = Decimal(100_000_000)
    large = a_breakdown(taxable_amount=base, tax_amount=base * 21 / 100)
    unsaid = chain.register("A-1", breakdowns=(large,), gross_total=base, tax_total=large.tax_amount)
    said = chain.register("A-2").replace(
        b"<sum1:Destinatarios>", b"<sum1:Macrodato>S</sum1:Macrodato><sum1:Destinatarios>"
    )

    answer = sender.send(unsaid.replace(b"<sum1:Macrodato>S</sum1:Macrodato>", b""), said)

    assert answer.states() == [("Incorrecto", 1139), ("Incorrecto", 1138)]


def test_a_producer_whom_the_census_does_not_know_spoils_every_record(sender: Sender, chain: Chain) -> None:
    chain.system = BillingSystem(NOBODY, SYSTEM.name, SYSTEM.id, SYSTEM.version, SYSTEM.installation_number)
    sender.simulated.script(FaultKind.UNKNOWN_TAX_ID, tax_id=NOBODY.nif)

    assert sender.send(chain.register(), chain.register("A-2")).states() == [("Incorrecto", 1110)] * 2


def test_a_producers_nif_is_looked_at(sender: Sender, chain: Chain) -> None:
    record = chain.register().replace(
        b"Correlativa</sum1:NombreRazon><sum1:NIF>89890001K", b"Correlativa</sum1:NombreRazon><sum1:NIF>89890001A"
    )

    assert sender.send(record).states() == [("Incorrecto", 1176)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issue_date": TOMORROW}, 1112),
        ({"issue_date": date(2023, 12, 31)}, 1152),
        ({"number": "A=1"}, 1287),
        ({"generated_by": GeneratedBy.ISSUER}, 1224),
        ({"generator": NOBODY}, 1224),
        ({"generated_by": GeneratedBy.ISSUER, "generator": Party("X", OtherId("FR", IdType.PASSPORT, "P1"))}, 1227),
        ({"generated_by": GeneratedBy.ISSUER, "generator": OTHER}, 1258),
        ({"generated_by": GeneratedBy.THIRD_PARTY, "generator": ISSUER}, 1259),
        ({"generated_by": GeneratedBy.THIRD_PARTY, "generator": NOBODY}, 1258),
        ({"generated_by": GeneratedBy.THIRD_PARTY, "generator": Party("X", OtherId("ES", IdType.NOT_REGISTERED, "99999999R"))}, 1229),
        ({"generated_by": GeneratedBy.RECIPIENT, "generator": Party("X", OtherId("ES", IdType.NATIONAL_ID, "1"))}, 1230),
    ],
)  # fmt: skip
def test_an_annulment_that_breaks_a_rule_is_rejected(changes, code, sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.UNKNOWN_TAX_ID, tax_id=NOBODY.nif)
    sender.send(chain.register())

    assert sender.send(chain.annul(**changes)).states() == [("Incorrecto", code)]


def test_an_annulment_by_the_issuer_in_person_is_taken(sender: Sender, chain: Chain) -> None:
    record = chain.annul(generated_by=GeneratedBy.ISSUER, generator=ISSUER)

    assert sender.send(chain.register("A-2"), record).states() == [("Correcto", None), ("Incorrecto", 3002)]


def test_the_first_error_is_the_only_one(sender: Sender, chain: Chain) -> None:
    record = chain.register(number="A=1", issue_date=TOMORROW, recipients=())

    assert sender.send(record).states() == [("Incorrecto", 1287)]


# --- Warnings --------------------------------------------------------------------------------------------------------


def test_a_wrong_fingerprint_is_stored_with_2000(sender: Sender, chain: Chain) -> None:
    record = chain.seal(a_registration(number="A-1", issuer=ISSUER), fingerprint="0" * 64)

    assert sender.send(record).states() == [("AceptadoConErrores", 2000)]
    assert len(sender.simulated.accepted()) == 1


def test_a_changed_literal_is_a_wrong_fingerprint(sender: Sender, chain: Chain) -> None:
    record = replaced(chain.register(), "ImporteTotal", "121.0")

    assert sender.send(record).states() == [("AceptadoConErrores", 2000)]


@pytest.mark.parametrize(("previous", "code"), [("ABC", 2002), ("g" * 64, 2003), ("a" * 64, 2003)])
def test_a_previous_fingerprint_is_looked_at(previous, code, sender: Sender, chain: Chain) -> None:
    chain.register()
    chain.last = Link("89890001K", "A-1", TODAY, previous)

    assert sender.send(chain.register("A-2")).states() == [("AceptadoConErrores", code)]


def test_a_previous_fingerprint_with_signs_rejects(sender: Sender, chain: Chain) -> None:
    chain.register()
    chain.last = Link("89890001K", "A-1", TODAY, "-" * 64)

    assert sender.send(chain.register("A-2")).states() == [("Incorrecto", 1291)]


def test_a_record_that_follows_itself_is_stored_with_an_error(sender: Sender, chain: Chain) -> None:
    chain.register()
    chain.last = Link("89890001K", "A-1", TODAY, "A" * 64)
    record = chain.seal(a_registration(number="A-2", issuer=ISSUER), fingerprint="A" * 64)

    assert sender.send(record).states() == [("AceptadoConErrores", 2008)]


def test_a_second_first_record_is_stored_with_2007(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register("A-1"))
    chain.last = None

    assert sender.send(chain.register("A-2")).states() == [("AceptadoConErrores", 2007)]


def test_another_installation_begins_anew(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register("A-1"))
    chain.last = None
    chain.system = BillingSystem(SYSTEM.producer, SYSTEM.name, SYSTEM.id, SYSTEM.version, "2")

    assert sender.send(chain.register("A-2")).states() == [("Correcto", None)]


@pytest.mark.parametrize(("seconds", "state"), [(240, "Correcto"), (241, "AceptadoConErrores"), (-240, "Correcto"), (-241, "AceptadoConErrores")])  # fmt: skip
def test_a_record_may_be_240_seconds_away(seconds, state, sender: Sender, chain: Chain) -> None:
    record = chain.register()
    chain.clock.forward(seconds)

    answer = sender.send(record)

    assert answer.states()[0][0] == state
    if state != "Correcto":
        assert answer.result.records[0].error_code == 2004
        assert answer.result.records[0].error_description.endswith("240 segundos.")


def test_a_late_record_of_an_incident_is_taken_without_a_word(sender: Sender, chain: Chain) -> None:
    record = chain.register()
    chain.clock.forward(86400)

    assert sender.send(record, incident=True).states() == [("Correcto", None)]


def test_a_skewed_clock_is_as_good_as_a_late_record(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.CLOCK_SKEW, seconds=-300)

    assert sender.send(chain.register()).states() == [("AceptadoConErrores", 2004)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipients": (Party("X", OtherId("ES", IdType.NOT_REGISTERED, "99999901H")),)}, 2001),
        ({"gross_total": Decimal("131.01")}, 2005),
        ({"tax_total": Decimal("31.01")}, 2006),
        ({"breakdowns": (a_breakdown(tax=Tax.IPSI, regime_code=None),)}, 2009),
    ],
)
def test_what_the_rules_only_warn_of_is_stored(changes: dict[str, Any], code, sender: Sender, chain: Chain) -> None:
    assert sender.send(chain.register(**changes)).states() == [("AceptadoConErrores", code)]


def test_from_2027_on_ipsi_needs_its_regime(sender: Sender, chain: Chain) -> None:
    chain.clock.forward(60 * 86400)
    without, regime = (a_breakdown(tax=Tax.IPSI, regime_code=code) for code in (None, Regime.GENERAL))

    answer = sender.send(chain.register("A-1", breakdowns=(without,)), chain.register("A-2", breakdowns=(regime,)))

    assert answer.states() == [("Incorrecto", 1245), ("Correcto", None)]


def test_ten_euro_are_tolerated(sender: Sender, chain: Chain) -> None:
    assert sender.send(chain.register(gross_total=Decimal(131))).states() == [("Correcto", None)]


# --- The AEAT's own examples -----------------------------------------------------------------------------------------


def test_the_fingerprints_that_the_aeat_publishes_are_right(sender: Sender, chain: Chain) -> None:
    """Its three chained examples as one message, with its literals and its fingerprints."""
    official = [one for one in vectors("fingerprints") if one["status"] == "official"][:3]
    day = date(2024, 1, 1)
    records = []
    for vector in official:
        fields = vector["fields"]
        number = fields.get("NumSerieFactura") or fields["NumSerieFacturaAnulada"]
        at = {"fingerprint": vector["expected_hash"], "generated_at": fields["FechaHoraHusoGenRegistro"]}
        if vector["kind"] == "alta":
            line = a_breakdown(tax_amount=Decimal("12.35"), taxable_amount=Decimal("111.10"), tax_rate=Decimal(10))
            content: Any = a_registration(
                line, issuer=ISSUER, number=number, issue_date=day, gross_total=Decimal("123.45"), tax_total=Decimal("12.35"),
            )  # fmt: skip
        else:
            content = _annulment(number, day)
        records.append(chain.seal(content, **at))

    answer = sender.send(*records, incident=True)

    assert answer.states() == [("Correcto", None)] * 3
    assert [one.fingerprint for one in sender.simulated.accepted()] == [one["expected_hash"] for one in official]


def _annulment(number: str, day: date) -> Any:
    return Annulment(issuer_tax_id=ISSUER.nif, number=number, issue_date=day)
