"""Records taken away: the AEAT's structure, byte by byte, complete, and checked by somebody who has only the ZIP."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import QuerySet
from lxml import etree

from audit.models import AuditEntry
from core.errors import Conflict, NotFound
from tests.builders import MARIA, NOW
from tests.verifactu.answers import answer
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.oracles import schema
from verifactu.aeat import messages
from verifactu.models import Chain, Submission
from verifactu.services.exporting import Period, export_records

pytestmark = pytest.mark.django_db

DAY = Period(NOW.date(), NOW.date())


@pytest.fixture
def shop(db: None) -> Appender:
    appender = an_appender()
    for index in range(1, 4):
        answer(appender.append(f"A-{index}"), "accepted")
    appender.annul("A-2")
    return appender


def chains(*appenders: Appender) -> list[Chain]:
    found: QuerySet[Chain] = Chain.objects.filter(id__in=[appender.chain.id for appender in appenders])
    return list(found.select_related("seller").order_by("created_at"))


def exported(*appenders: Appender, period: Period = DAY, **more: Any) -> zipfile.ZipFile:
    out = io.BytesIO()
    export_records(chains=chains(*appenders), period=period, out=out, by=MARIA, now=NOW, **more)
    return zipfile.ZipFile(out)


def rows(archive: zipfile.ZipFile, folder: str = "cadena-1") -> list[dict[str, str]]:
    text = archive.read(f"{folder}/indice.csv").decode()
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_the_files_are_valid_by_the_aeats_schema_and_hold_the_records_byte_by_byte(shop: Appender) -> None:
    archive = exported(shop)
    (name,) = [name for name in archive.namelist() if "/registros/" in name]
    assert name == "cadena-1/registros/000000001-000000004.xml"
    content = archive.read(name)
    schema("SuministroLR").assertValid(etree.fromstring(content))
    for record in shop.records:
        assert bytes(record.xml) in content


def test_no_file_has_more_records_than_a_message_may_carry(shop: Appender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOST_RECORDS", 3)
    names = [name for name in exported(shop).namelist() if "/registros/" in name]
    assert names == ["cadena-1/registros/000000001-000000003.xml", "cadena-1/registros/000000004-000000004.xml"]


def test_the_index_has_a_line_for_each_record_with_the_aeats_answer(shop: Appender) -> None:
    lines = rows(exported(shop))
    assert [(line["secuencia"], line["clase"], line["numero"]) for line in lines] == [
        ("1", "registration", "A-1"),
        ("2", "registration", "A-2"),
        ("3", "registration", "A-3"),
        ("4", "annulment", "A-2"),
    ]
    assert [line["huella"] for line in lines] == [record.fingerprint for record in shop.records]
    assert [line["estado_aeat"] for line in lines] == ["accepted", "accepted", "accepted", ""]
    assert lines[0]["subsanacion"] == "N"


def test_the_manifest_has_the_digest_of_every_other_file_and_the_chains_head(shop: Appender) -> None:
    archive = exported(shop)
    manifest = json.loads(archive.read("manifiesto.json"))
    assert set(manifest["sha256"]) == set(archive.namelist()) - {"manifiesto.json"}
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    (chain,) = manifest["cadenas"]
    assert chain["cabeza_de_la_cadena"] == {"secuencia": 4, "huella": shop.records[3].fingerprint}
    assert (manifest["registros"], chain["primera_secuencia"], chain["ultima_secuencia"]) == (4, 1, 4)


def test_what_the_aeat_answered_is_there_as_it_came(shop: Appender) -> None:
    told = Submission.objects.create(
        chain=shop.chain, first_sequence=4, last_sequence=4, size=1, endpoint="https://localhost", request=b"<q/>",
        sent_at=NOW, answered_at=NOW, outcome="answered", response=b"<answer>4</answer>",
    )  # fmt: skip
    archive = exported(shop)
    (name,) = [name for name in archive.namelist() if "/respuestas/" in name]
    assert str(told.id) in name
    assert archive.read(name) == b"<answer>4</answer>"


def test_a_period_is_of_days_in_the_sellers_zone(db: None) -> None:
    """23:30 and 00:30 of the Canaries are of other days than in UTC or Madrid."""
    shop = an_appender(igic=True, territory="canary")
    shop.append("A-1", clock=lambda: datetime(2026, 7, 1, 22, 59, 59, tzinfo=UTC))
    shop.append("A-2", clock=lambda: datetime(2026, 7, 1, 23, 0, 0, tzinfo=UTC))
    for day, number in ((1, "A-1"), (2, "A-2")):
        period = Period(date(2026, 7, day), date(2026, 7, day))
        assert [line["numero"] for line in rows(exported(shop, period=period))] == [number]


def test_several_chains_lie_side_by_side(shop: Appender) -> None:
    other = an_appender(tax_id="B99999021")
    other.append("B-1")
    archive = exported(shop, other)
    assert [line["numero"] for line in rows(archive, "cadena-2")] == ["B-1"]
    assert json.loads(archive.read("manifiesto.json"))["registros"] == 5


def test_days_without_records_give_no_empty_file(shop: Appender) -> None:
    with pytest.raises(NotFound, match="No record was made"):
        exported(shop, period=Period(date(2020, 1, 1), date(2020, 12, 31)))


def test_a_page_may_limit_how_much_it_hands_out(shop: Appender) -> None:
    assert exported(shop, most=4)
    with pytest.raises(Conflict, match="More than 3 records"):
        exported(shop, most=3)


def test_that_records_were_taken_away_is_written_down(shop: Appender) -> None:
    exported(shop)
    entry = AuditEntry.objects.get(action="records.exported")
    assert (entry.actor_name, entry.after) == ("maria", {"period": "2026-11-23/2026-11-23", "records": 4})


# --- The command, and the script that needs nothing of ours ----------------------------------------------------------


@pytest.fixture
def file(shop: Appender, tmp_path: Path) -> Path:
    out = tmp_path / "registros.zip"
    call_command(
        "export_records", "--seller", "89890001k", "--mode", "test", "--from", "2026-11-01", "--to", "2026-11-30",
        "--out", str(out), stdout=io.StringIO(),
    )  # fmt: skip
    return out


def check(file: Path) -> subprocess.CompletedProcess[str]:
    script = settings.BASE_DIR / "docs" / "check_export.py"
    return subprocess.run([sys.executable, "-I", str(script), str(file)], capture_output=True, text=True, check=False)


def test_the_script_finds_nothing_wrong_with_what_the_command_wrote(file: Path) -> None:
    run = check(file)
    assert (run.returncode, run.stdout) == (0, "4 records read\nnothing wrong\n")


def rewritten(file: Path, old: bytes, new: bytes, *, with_digest: bool) -> Path:
    """The ZIP as somebody would forge it."""
    source, target = zipfile.ZipFile(file), file.with_name("forged.zip")
    files = {name: source.read(name).replace(old, new) for name in source.namelist()}
    if with_digest:
        manifest = json.loads(files["manifiesto.json"])
        manifest["sha256"] = {name: hashlib.sha256(files[name]).hexdigest() for name in manifest["sha256"]}
        files["manifiesto.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


@pytest.mark.parametrize(
    ("old", "new", "with_digest", "says"),
    [
        (b"Consultor", b"Consulter", False, "not the file of the manifest"),
        (b"<sum1:ImporteTotal>121.00", b"<sum1:ImporteTotal>12.00", True, "A-1: the fingerprint is not that"),
        (b"<sum1:NumSerieFactura>A-2<", b"<sum1:NumSerieFactura>A-9<", True, "A-9: the fingerprint is not that"),
    ],
)
def test_the_script_finds_what_was_forged(file: Path, old: bytes, new: bytes, with_digest: bool, says: str) -> None:
    run = check(rewritten(file, old, new, with_digest=with_digest))
    assert run.returncode == 1
    assert says in run.stdout


def test_the_script_misses_a_record_that_was_cut_out(file: Path) -> None:
    content = zipfile.ZipFile(file).read("cadena-1/registros/000000001-000000004.xml")
    begin = content.index(b"<sum:RegistroFactura>", content.index(b"</sum:RegistroFactura>"))
    end = content.index(b"</sum:RegistroFactura>", begin) + len(b"</sum:RegistroFactura>")
    run = check(rewritten(file, content[begin:end], b"", with_digest=True))
    assert run.returncode == 1
    assert "A-3: does not follow the record before it" in run.stdout
    assert "3 records, and the manifest says 4" in run.stdout


def test_nothing_is_written_over(file: Path) -> None:
    before = file.read_bytes()
    arguments = ["--seller", "89890001K", "--mode", "test", "--from", "2026-11-01", "--to", "2026-11-30"]
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_records", *arguments, "--out", str(file))
    assert file.read_bytes() == before


def test_a_refused_export_leaves_no_file(shop: Appender, tmp_path: Path) -> None:
    out = tmp_path / "nothing.zip"
    with pytest.raises(CommandError, match="No record was made"):
        call_command(
            "export_records", "--seller", "89890001K", "--from", "2026-11-01", "--to", "2026-11-30", "--out", str(out)
        )
    assert list(tmp_path.iterdir()) == []
