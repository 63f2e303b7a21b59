"""Passwords of certificates lie encrypted, and open their certificates all the same."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from audit.models import AuditEntry
from core.modes import Mode
from integrations import vault
from tests.verifactu.aeat.wallets import NOW, PASSWORD, SHOP, identity, put
from verifactu.aeat import password_files
from verifactu.aeat.certificates import certificate_of
from verifactu.aeat.errors import Misconfigured

pytestmark = pytest.mark.django_db
OLD, NEW = "old-old-old-old-old-old-old-old-old-old", "new-new-new-new-new-new-new-new-new-new"


@pytest.fixture
def folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AEAT_CERTIFICATE_")]:
        monkeypatch.delenv(name)
    settings.ENCRYPTION_KEYS, settings.CERTIFICATES_FOLDER = [OLD], tmp_path
    put(tmp_path, identity().pkcs12(PASSWORD), mode="live")
    return tmp_path


def password_file(folder: Path, mode: str = "live", name: str = SHOP) -> Path:
    return folder / mode / f"{name}.password"


def run(command: str, **options: Any) -> str:
    told = StringIO()
    call_command(command, stdout=told, stderr=told, **options)
    return told.getvalue()


def opens(mode: Mode = Mode.LIVE) -> bool:
    return certificate_of(tax_id=SHOP, mode=mode, now=NOW).tax_id == SHOP


def test_it_is_encrypted_in_place_and_still_opens_the_certificate(folder: Path):
    assert "1 encrypted, 0 were already." in run("encrypt_certificate_passwords")
    text = password_file(folder).read_text()
    assert text.startswith("enc:gAAAAA")
    assert PASSWORD not in text
    assert password_file(folder).stat().st_mode & 0o777 == 0o600
    assert opens()
    assert [path.name for path in (folder / "live").iterdir() if path.name.startswith(".")] == []
    entry = AuditEntry.objects.get(action="certificate.passwords_encrypted")
    assert entry.after == {"files": [f"live/{SHOP}.password"]}
    assert PASSWORD not in str(entry.__dict__)


def test_twice_changes_nothing(folder: Path):
    run("encrypt_certificate_passwords")
    before = password_file(folder).read_bytes()
    assert "0 encrypted, 1 were already." in run("encrypt_certificate_passwords")
    assert password_file(folder).read_bytes() == before


def test_what_an_interrupted_run_left_is_in_nobodys_way(folder: Path):
    """It is killed between writing and renaming: the password is still the one in the clear."""
    (folder / "live" / f".{SHOP}.password.new").write_text("enc:half")
    assert opens()
    run("encrypt_certificate_passwords")
    assert opens()
    assert not (folder / "live" / f".{SHOP}.password.new").exists()


def test_the_test_mode_is_left_alone_unless_it_is_named(folder: Path):
    put(folder, identity().pkcs12(PASSWORD), mode="test")
    run("encrypt_certificate_passwords")
    assert password_file(folder, "test").read_text().strip() == PASSWORD
    run("encrypt_certificate_passwords", mode="test")
    assert password_file(folder, "test").read_text().startswith("enc:")
    assert opens(Mode.TEST)


def test_files_that_the_environment_names_are_found_too(folder: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = folder / "secrets" / "one"
    elsewhere.parent.mkdir()
    password_file(folder).rename(elsewhere)
    monkeypatch.setenv(f"AEAT_CERTIFICATE_LIVE_{SHOP}_PASSWORD_FILE", "secrets/one")
    assert "1 encrypted" in run("encrypt_certificate_passwords")
    assert elsewhere.read_text().startswith("enc:")
    assert opens()


def test_the_key_is_exchanged(folder: Path, settings: Any):
    run("encrypt_certificate_passwords")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert "certificates' passwords: 1 written anew, 0 as they ought to be" in run("rotate_encryption_key")
    settings.ENCRYPTION_KEYS = [NEW]
    assert opens()
    assert "certificates' passwords: 0 written anew, 1" in run("rotate_encryption_key")


def test_the_exchange_leaves_what_lies_in_the_clear_as_it_is(folder: Path):
    run("rotate_encryption_key")
    assert password_file(folder).read_text().strip() == PASSWORD


def test_without_its_key_everything_says_what_to_do(folder: Path, settings: Any):
    run("encrypt_certificate_passwords")
    assert run_checks(tags=["security"]) == []
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(Misconfigured) as refused:
        opens()
    assert "is encrypted with a key that is not set" in str(refused.value)
    [warning] = [found for found in run_checks(tags=["security"]) if found.id == "correlativa.W001"]
    assert str(password_file(folder)) in warning.msg
    assert not warning.is_serious(), "that would keep workers, and the command that mends it, from running"
    for command, words in (("rotate_encryption_key", "1 could not be read"), ("encrypt_certificate_passwords", "Mend")):
        with pytest.raises(CommandError, match=words):
            run(command)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert opens()


def test_a_password_that_only_looks_like_it_is_a_password(folder: Path):
    password_file(folder).write_text("enc:not encrypted\n")
    assert password_files.opened("enc:not encrypted") == "enc:not encrypted"
    run("encrypt_certificate_passwords")
    assert password_files.opened(password_files.text_of(password_file(folder))) == "enc:not encrypted"


@pytest.mark.parametrize("password", ["", "contraseña ", "\udce9 latin", "ñ" * 500])
def test_any_password_comes_back_as_it_was(settings: Any, password: str):
    settings.ENCRYPTION_KEYS = [OLD]
    assert password_files.opened(password_files.closed(password)) == password


def test_what_may_not_be_written_is_named_and_the_rest_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Another user's folder, or a disk that is full."""
    put(folder, identity().pkcs12(PASSWORD), mode="live", name="B58378431")
    put_away = password_files.put

    def full(file: Path, text: str) -> None:
        if file.stem == SHOP:
            raise OSError(28, "No space left on device")
        put_away(file, text)

    monkeypatch.setattr(password_files, "put", full)
    told = StringIO()
    with pytest.raises(CommandError, match="Mend"):
        call_command("encrypt_certificate_passwords", stdout=told, stderr=told)
    assert f"{password_file(folder)}: No space left on device" in told.getvalue()
    assert password_file(folder, name="B58378431").read_text().startswith("enc:")
    assert opens()


def test_who_owns_the_file_goes_on_owning_it(folder: Path):
    """Root may run the command for the user that the house runs as."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(password_file(folder), 65534, 65534)
    run("encrypt_certificate_passwords")
    status = password_file(folder).stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (65534, 65534, 0o600)


def test_a_link_goes_on_pointing_at_what_was_encrypted(folder: Path):
    real = folder / "real"
    password_file(folder).rename(real)
    password_file(folder).symlink_to(real)
    run("encrypt_certificate_passwords")
    assert password_file(folder).is_symlink()
    assert vault.is_current(real.read_text().strip().removeprefix("enc:").encode())
    assert opens()
