"""What usually helps when the AEAT does not take a record as it is, by groups of its codes, in plain words.

The AEAT's own text stands beside it and is never replaced. Sentences are English templates, translated at the edge.
What is right for a particular invoice is for a person to say (RD 1619/2012 art. 15; FAQ of the AEAT, 17): amend the
record where the invoice is right, correct the invoice where it is wrong, annul it where it should never have been.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import gettext_noop
from verifactu.aeat import catalogue
from verifactu.aeat.catalogue import Treatment


class Remedy(StrEnum):
    """What a person does about it; the values are the ends of the names of billing's pages."""

    AMEND = "amend"  # another record of the same invoice
    CORRECT = "correct"  # a corrective invoice
    ANNUL = "annul"  # the invoice should never have been


@dataclass(frozen=True, slots=True)
class Advice:
    """``means`` says what is wrong, ``helps`` what to do, ``remedies`` how, the likeliest first."""

    means: str
    helps: str
    remedies: tuple[Remedy, ...] = (Remedy.AMEND,)


_ALL: Final = (Remedy.AMEND, Remedy.CORRECT, Remedy.ANNUL)
_AMEND_OR_CORRECT: Final = (Remedy.AMEND, Remedy.CORRECT)
_SAME_AGAIN: Final = gettext_noop("Amend the record without changing the invoice: the same is then registered.")
_NOT_YOURS: Final = gettext_noop(
    "It is nothing that the finance desk can mend. Tell whoever runs this program, with the code; once it is mended, "
    "amend the record."
)

_BUYER: Final = Advice(
    gettext_noop("The AEAT does not find the buyer in its census under this name and NIF."),
    gettext_noop(
        "Ask the buyer for the exact name and NIF of the census (their «certificado de situación censal»). If the "
        "invoice has them right, or they are in order by now, amend the record; if the invoice has them wrong, correct "
        "the invoice."
    ),
    _AMEND_OR_CORRECT,
)
_FOREIGN_BUYER: Final = Advice(
    gettext_noop("The buyer’s foreign identification does not fit: its kind, country or number."),
    gettext_noop(
        "Check the country, the kind of document and, for a NIF-IVA, that VIES knows it. If the invoice has them "
        "right, amend the record; if it has them wrong, correct the invoice."
    ),
    _AMEND_OR_CORRECT,
)
_SELLER: Final = Advice(
    gettext_noop("The AEAT does not recognise the seller as it is named in the record."),
    gettext_noop(
        "Compare the seller’s name and NIF in this program with the AEAT’s census, have them put right, and amend the "
        "record."
    ),
)
_PRODUCER: Final = Advice(
    gettext_noop(
        "The AEAT does not find a NIF in its census: usually that of the producer of the program, which every record "
        "names; the text does not say whose."
    ),
    gettext_noop(
        "If every record is rejected for this, it is the producer’s NIF: tell whoever runs this program. If it is this "
        "record alone, check the NIF of the seller and the buyer. Then amend the record."
    ),
)
_PROGRAM: Final = Advice(gettext_noop("The program wrote the record wrongly, or names itself wrongly."), _NOT_YOURS)
_CHAIN: Final = Advice(
    gettext_noop("The AEAT does not agree with the record’s fingerprint or with its place in the chain."),
    gettext_noop(
        "Have the chain verified (on its page) and tell whoever runs this program. Where nothing is wrong with it, "
        "amend the record: the new one has its own fingerprint."
    ),
)
_TWO_CHAINS: Final = Advice(
    gettext_noop(
        "The record says that it is the first of its chain, and the AEAT has others of this seller and installation: "
        "it came late, after them, or there is a second copy of this database."
    ),
    gettext_noop(
        "If it only came late (its submissions say when), amend the record. If a database was restored or copied, tell "
        "whoever runs this program before you go on: two chains of one installation never join."
    ),
)
_DATES: Final = Advice(
    gettext_noop("A date does not fit: in the future, too old, or issue and operation the wrong way round."),
    gettext_noop(
        "Check both dates of the invoice, and this machine’s clock. If the invoice is right, amend the record; if a "
        "date on it is wrong, correct the invoice."
    ),
    _AMEND_OR_CORRECT,
)
_TAXES: Final = Advice(
    gettext_noop("Rate, tax amount, surcharge, regime or kind of operation do not go together."),
    gettext_noop(
        "Compare the lines with what was sold and with the date of the operation. Where the invoice charges the wrong "
        "tax, correct it; where only the record said it wrongly, amend the record."
    ),
    (Remedy.CORRECT, Remedy.AMEND),
)
_TOTALS: Final = Advice(
    gettext_noop("A total is not the sum of its parts."),
    gettext_noop(
        "Compare the totals of the invoice with its lines. If the invoice is right, amend the record; if it is wrong, "
        "correct the invoice."
    ),
    _AMEND_OR_CORRECT,
)
_KIND: Final = Advice(
    gettext_noop("The kind of invoice does not go with what it says: recipient, corrected invoices, limit or marks."),
    gettext_noop(
        "Check whether it should be an ordinary, a simplified or a corrective invoice. If its kind is wrong, correct "
        "the invoice; else amend the record."
    ),
    (Remedy.CORRECT, Remedy.AMEND),
)
_NUMBER: Final = Advice(
    gettext_noop("The AEAT does not take the invoice number as it is written."),
    gettext_noop(
        "Issue from a series whose numbers are written otherwise, so that the next ones pass. This invoice keeps its "
        "number: annul it, and issue another one in its place."
    ),
    (Remedy.ANNUL,),
)
_DUPLICATE: Final = Advice(
    gettext_noop(
        "The AEAT has another record of the same seller, number and date, with another fingerprint: from another "
        "program, or from a copy of this one."
    ),
    gettext_noop(
        "Look it up at the AEAT’s site. If what it holds is not this invoice, amend the record: the new one takes the "
        "place of the other. If it is, nothing needs to be done."
    ),
)
_ANNULLED: Final = Advice(
    gettext_noop("The AEAT holds the invoice as annulled already."),
    gettext_noop("If it should be annulled, nothing needs to be done; if not, amend the record to register it again."),
)
_UNKNOWN: Final = Advice(
    gettext_noop("The AEAT does not have what this record amends or annuls."),
    gettext_noop("Do it once more: the next record says by itself that the AEAT does not have the invoice."),
    (Remedy.AMEND, Remedy.ANNUL),
)
_NO_RIGHT: Final = Advice(
    gettext_noop(
        "Whoever sent it may not change what the AEAT holds of this invoice, or it was entered there by hand."
    ),
    gettext_noop(
        "Change it at the AEAT’s site, where it was entered; or have the representation put right with the AEAT, and "
        "amend the record."
    ),
)
_THEIRS: Final = Advice(gettext_noop("The AEAT had a technical problem of its own with this record."), _SAME_AGAIN)
_CLOCK: Final = Advice(
    gettext_noop(
        "The record was made at another time than the AEAT’s clock says, or arrived late. It is stored, and valid."
    ),
    gettext_noop(
        "Nothing needs to be done about this invoice. Should it come again, have this machine’s clock looked at."
    ),
    (),
)
_IPSI: Final = Advice(
    gettext_noop("An IPSI operation was sent without its regime. The record is stored, and valid."),
    gettext_noop("Nothing needs to be done."),
    (),
)


def _codes(*parts: int | range) -> frozenset[int]:
    return frozenset().union(*((part,) if isinstance(part, int) else part for part in parts))


GROUPS: Final[tuple[tuple[frozenset[int], Advice], ...]] = (
    (_codes(1109, 1110), _PRODUCER),
    (_codes(1149, 1193, 1239, 1283, 2001), _BUYER),
    (_codes(1101, 1102, 1103, 1111, 1121, 1122, 1123, 1126, 1131, range(1232, 1235), 1254, 1255, 1290), _FOREIGN_BUYER),
    (_codes(1108, 1120, 1172, 1215, 1217, 1219, 1240, 1282), _SELLER),
    (
        _codes(
            *(1153, 1161, 1171, 1176, 1177, 1179, 1212, 1213, 1214, range(1220, 1224), 1226, 1242, 1244, 1247, 1251),
            *(1253, range(1264, 1269), 1274, 1275, 1276, 4102, 4106, 4113, 4114, 4119, range(4136, 4139)),
        ),
        _PROGRAM,
    ),
    (_codes(1174, 1175, 1180, 1262, 1263, 1269, 1291, 1292, 2000, 2002, 2003, 2008), _CHAIN),
    (_codes(2007), _TWO_CHAINS),
    (_codes(1105, 1112, 1125, 1133, 1134, range(1145, 1148), 1152, 1173), _DATES),
    (
        _codes(
            *(1124, 1127, 1132, 1135, 1140, range(1142, 1145), 1160, range(1162, 1171), 1181, 1182, range(1194, 1197)),
            *(
                1198,
                range(1199, 1204),
                range(1205, 1210),
                1218,
                range(1235, 1239),
                1245,
                1246,
                1252,
                1257,
                1260,
                1277,
                1281,
                1284,
                1286,
            ),
            *(1289, 1293),
        ),
        _TAXES,
    ),
    (_codes(1138, 1139, 1210, 1216, 2005, 2006), _TOTALS),
    (
        _codes(
            *(1106, 1107, range(1114, 1120), 1136, 1137, 1148, 1150, 1151, range(1154, 1160), 1178, range(1183, 1193)),
            *(1197, 1211),
        ),
        _KIND,
    ),
    (_codes(1104, 1130, 1287), _NUMBER),
    (_codes(catalogue.DUPLICATE), _DUPLICATE),
    (_codes(catalogue.ALREADY_ANNULLED), _ANNULLED),
    (_codes(catalogue.NOT_REGISTERED), _UNKNOWN),
    (_codes(1128, 3003, 3004), _NO_RIGHT),
    (_codes(1129, 1241, 1243, 1256, 1288), _THEIRS),
    (_codes(2004), _CLOCK),
    (_codes(2009), _IPSI),
)
_ADVICE: Final = {code: advice for codes, advice in GROUPS for code in codes}

_REJECTED: Final = Advice(
    gettext_noop("The AEAT rejected the record, and stored nothing of it; its own text says why."),
    gettext_noop(
        "If the invoice is right, amend the record. If the invoice is wrong, correct it. If it should never have been, "
        "annul it."
    ),
    _ALL,
)
_STORED: Final = Advice(
    gettext_noop("The AEAT stored the record, but found something wrong with it; its own text says what."),
    gettext_noop("If the invoice is right, amend the record. If the invoice is wrong, correct it."),
    _AMEND_OR_CORRECT,
)


def advice_on(code: int | None) -> Advice:
    """What usually helps; for what nobody has described, by whether the AEAT has stored the record."""
    if code is not None and code in _ADVICE:
        return _ADVICE[code]
    return _STORED if catalogue.treatment_of(code) is Treatment.ADMISSIBLE else _REJECTED
