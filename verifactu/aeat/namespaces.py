"""Names of the AEAT's XML (``SistemaFacturacion.wsdl``, SOAP 1.1). They are names: nothing is downloaded from there."""

from __future__ import annotations

from typing import Final

from verifactu.xml import NAMESPACE

RECORDS: Final = NAMESPACE
SUBMISSION: Final = NAMESPACE.replace("SuministroInformacion", "SuministroLR")
INQUIRY: Final = NAMESPACE.replace("SuministroInformacion", "ConsultaLR")
SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
