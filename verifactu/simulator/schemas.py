"""The AEAT's schemas, from the package that has them: they are not ours to hand on."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from lxml import etree

from verifactu.xml import NAMESPACE

RECORDS: Final = NAMESPACE
SUBMISSION: Final = NAMESPACE.replace("SuministroInformacion", "SuministroLR")
SUBMISSION_ANSWER: Final = NAMESPACE.replace("SuministroInformacion", "RespuestaSuministro")
INQUIRY: Final = NAMESPACE.replace("SuministroInformacion", "ConsultaLR")
INQUIRY_ANSWER: Final = NAMESPACE.replace("SuministroInformacion", "RespuestaConsultaLR")


class SchemasMissing(Exception):
    """The package with the schemas is not installed; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "The simulated AEAT needs the AEAT's schemas, which a package has: pip install django-verifactu==0.2.0"
        )


def schema_folder() -> Path:
    """Raises ``SchemasMissing``."""
    if (package := find_spec("django_verifactu")) is None or package.origin is None:
        raise SchemasMissing
    return Path(package.origin).parent / "aeat" / "schemas"


@cache
def schema_of(namespace: str) -> etree.XMLSchema:
    """The schema of one of the namespaces above. Raises ``SchemasMissing``."""
    folder = schema_folder()
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    parser.resolvers.add(_FromThePackage(folder))
    return etree.XMLSchema(etree.parse(str(folder / namespace.rpartition("/")[2]), parser))


class _FromThePackage(etree.Resolver):
    """A schema imports that of XML signatures by the W3C's address; the package has that file too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, system_url: str, public_id: str, *context: Any) -> Any:  # noqa: ARG002 - lxml's signature
        here: Any = self  # the stubs do not know what lxml gives a resolver
        return here.resolve_filename(str(self._folder / system_url.rpartition("/")[2]), *context)
