"""Where a seller's certificate lies: in a folder or where the environment says, and never in the database.

Every name holds the mode and the seller's NIF, so that no certificate is found for another mode or seller.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.errors import gettext_noop
from core.modes import Mode
from integrations.vault import LostKeyError
from verifactu.aeat.errors import Misconfigured
from verifactu.aeat.password_files import opened

_NIF: Final = re.compile("[0-9A-Z]{9}")
_KINDS: Final = {"seal": True, "personal": False}


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one seller's certificate in one mode. ``password_file`` is ``None`` where the environment has the
    password itself."""

    tax_id: str
    path: Path
    password_file: Path | None
    _password: str = field(default="", repr=False)

    @property
    def options_file(self) -> Path:
        return self.path.with_suffix(".toml")

    @property
    def secret_files(self) -> list[Path]:
        """What nobody else may read."""
        return [self.path] if self.password_file is None else [self.path, self.password_file]

    def password(self) -> str:
        """The password, decrypted where it lies encrypted. Raises Misconfigured if its file cannot be read."""
        if self.password_file is None:
            return self._password
        text = _read(self.password_file).decode("utf-8", "surrogateescape").rstrip("\r\n")
        try:
            return opened(text)
        except LostKeyError as error:
            raise Misconfigured(
                gettext_noop("%(path)s is encrypted with a key that is not set."),
                remedy=gettext_noop("Put that key into ENCRYPTION_KEYS, behind the present one; or write it anew."),
                path=self.password_file,
            ) from error

    def content(self) -> bytes:
        """The PKCS#12 file. Raises Misconfigured if it cannot be read."""
        return _read(self.path)


@dataclass(frozen=True, slots=True)
class Options:
    """What the ``.toml`` file beside a certificate may say. ``is_seal`` overrides what the certificate looks like;
    ``representative_name`` is the name of its holder, when that is a representative of the seller."""

    is_seal: bool | None = None
    representative_name: str = ""


def place_of(*, tax_id: str, mode: Mode, folder: Path, environment: Mapping[str, str]) -> Place:
    """Where this seller's certificate lies. Raises Misconfigured, saying where it was looked for."""
    if not _NIF.fullmatch(tax_id):
        raise Misconfigured(gettext_noop("«%(tax_id)s» is no NIF, so it has no certificate."), tax_id=tax_id)
    variable = f"AEAT_CERTIFICATE_{mode.value.upper()}_{tax_id}"
    configured = environment.get(variable, "").strip()
    path = folder / configured if configured else folder / mode.value / f"{tax_id}.p12"
    if not path.is_file():
        raise _not_found(path, variable, configured=bool(configured))
    _stay_within(mode, path, folder)
    password, password_file = environment.get(f"{variable}_PASSWORD", ""), environment.get(f"{variable}_PASSWORD_FILE")
    if password:
        return Place(tax_id, path, None, password)
    return Place(tax_id, path, folder / password_file if password_file else path.with_suffix(".password"))


def read_options(place: Place) -> Options:
    """What the ``.toml`` file says, if there is one. Raises Misconfigured for what it may not say."""
    if not place.options_file.exists():
        return Options()
    try:
        return _options(tomllib.loads(_read(place.options_file).decode()))
    except (ValueError, TypeError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise Misconfigured(
            gettext_noop("%(path)s is not right."),
            remedy=gettext_noop(
                'It may say kind = "seal" or kind = "personal", and representative_name = "…", and nothing else.'
            ),
            path=place.options_file,
        ) from error


def _options(said: dict[str, object]) -> Options:
    kind, name = said.pop("kind", None), said.pop("representative_name", "")
    if said or not isinstance(name, str) or not (kind is None or kind in _KINDS):
        raise ValueError("unknown words")
    return Options(None if kind is None else _KINDS[str(kind)], name.strip())


def _stay_within(mode: Mode, path: Path, folder: Path) -> None:
    """A certificate of the other mode's folder is never used, be it by a link or a variable."""
    other = Mode.TEST if mode is Mode.LIVE else Mode.LIVE
    if path.resolve().is_relative_to((folder / other.value).resolve()):
        raise Misconfigured(
            gettext_noop("%(path)s leads to a certificate of the other mode."),
            remedy=gettext_noop("Each mode has certificates of its own: put this one's into its folder."),
            path=path,
        )


def _not_found(path: Path, variable: str, *, configured: bool) -> Misconfigured:
    if configured:
        return Misconfigured(
            gettext_noop("There is no certificate at %(path)s, where %(variable)s says it is."),
            remedy=gettext_noop("Put the PKCS#12 file there, or correct or empty the variable."),
            path=path,
            variable=variable,
        )
    return Misconfigured(
        gettext_noop("There is no certificate: neither %(path)s nor the variable %(variable)s."),
        remedy=gettext_noop("Put the PKCS#12 file there, with its password in a .password file beside it."),
        path=path,
        variable=variable,
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(
            gettext_noop("%(path)s cannot be read: %(reason)s."),
            remedy=gettext_noop("It must exist, and belong to the user that this runs as, with mode 600."),
            path=file,
            reason=error.strerror or type(error).__name__,
        ) from error
