"""Every code with which the AEAT answers to a record, and who sees to it that it does not. A new one fails here."""

from __future__ import annotations

from enum import Enum

import pytest

from tests.verifactu.objections import REJECTED, REJECTED_ANNULMENTS, WARNED
from tests.verifactu.samples import TODAY
from verifactu import rules
from verifactu.aeat.catalogue import texts
from verifactu.rules import Severity


class How(Enum):
    BLOCKED = "a rule refuses it before issue"
    WARNED = "a rule warns of it before issue"
    SAID_OTHERWISE = "a rule refuses it before issue, by another of the AEAT's codes"
    IMPOSSIBLE = "our program cannot write it"
    THEIRS = "only the AEAT can know"
    ELSEWHERE = "it is not about records of VERI*FACTU, or not any more"


BLOCKED = {
    *(1100, 1101, 1103, 1104, 1111, 1112, 1114, 1115, 1116, 1117, 1118, 1119, 1123, 1124, 1125, 1126, 1127),
    *(1130, 1131, 1134, 1140, 1142, 1143, 1144, 1146, 1147, 1148, 1149, 1150, 1152, 1153, 1154, 1155, 1157, 1158, 1159),
    *(1160, 1161, 1162, 1163, 1164, 1165, 1166, 1167, 1168, 1169, 1173, 1178, 1182, 1183, 1185, 1186, 1188, 1189, 1190),
    *(1193, 1194, 1195, 1196, 1197, 1198, 1199, 1200, 1201, 1202, 1203, 1205, 1206, 1207, 1208, 1209, 1211),
    *(1224, 1227, 1229, 1230, 1232, 1235, 1236, 1237, 1238, 1239, 1245, 1246, 1252, 1253, 1254, 1255, 1257, 1258, 1259),
    *(1260, 1266, 1267, 1277, 1281, 1284, 1286, 1287, 1289, 1290, 1293),
}
"""Some are the census's as well (1149, 1154, 1178, 1193, 1239, 1258, 1259): that half only the AEAT can know."""

WARNED_OF = {
    2001: "a buyer of whom we say that the census does not know it (07)",
    2005: "the total and the breakdown",
    2006: "the total tax and the breakdown",
    2009: "the IPSI without regime, until 2027",
    1191: "R3: documented, and taken by the test service",
    1192: "R2: documented, and taken by the test service",
}

SAID_OTHERWISE = {
    1120: (1123, "the issuer's NIF"),
    1132: (1124, "rates of before 2013 are no longer among those of the IVA"),
    1133: (1152, "twenty years ago is before 2024"),
    1135: (1127, "surcharges of before 2013 are no longer among those of the IVA"),
    1156: (1190, "F2 and R5, which take no VAT id, name no recipient at all"),
    1170: (1277, "0.26 % with 0 %: no law has it, and the test service answers 1277"),
    1172: (1123, "an empty NIF is not well formed"),
    1187: (1155, "a third party without its mark; 1159 where the recipient is marked"),
    1217: (1123, "the issuer's NIF"),
    1219: (1123, "the issuer's NIF"),
    1222: (1103, "an identification of 1 to 20 characters"),
    1231: (1230, "the generator's kind of identification"),
    1233: (1126, "an identification of Spain"),
    1234: (1230, "the generator's kind of identification in Spain"),
    1240: (1123, "the issuer's NIF"),
    1282: (1100, "a name is never empty"),
    1283: (1100, "a name is never empty"),
}

LISTED = "an enum of ours holds exactly the schema's values (test_codes.py)"
FLAG = "a boolean, written as «S» or not at all"
DATE = "dates are dates, written by verifactu.literals"
CHOICE = "NIF or IDOtro: the type of Party.tax_id is one of the two"
CHAIN = "the chain writes its own links and fingerprints (test_chain.py), which others recompute (test_fingerprint.py)"
SYSTEM = "the billing system is configured, and checked at start (config/settings.py)"
CONSTANT = "a constant"

IMPOSSIBLE = {
    **dict.fromkeys((1102, 1106, 1107, 1151, 1171, 1181, 1218, 1225, 1265, 1275), LISTED),
    **dict.fromkeys((1136, 1137, 1184, 1212, 1213, 1226, 1276), FLAG),
    **dict.fromkeys((1105, 1145), DATE),
    1108: "a message is one issuer's: a chain's (Conflict chain_of_another_taxpayer)",
    1122: "a VAT id is written without CodigoPais",
    **dict.fromkeys((1138, 1139), "Macrodato follows from the total"),
    **dict.fromkeys((1174, 1175, 1180, 1262, 1268, 1269, 1274, 1291, 1292), CHAIN),
    **dict.fromkeys((2000, 2002, 2003, 2007, 2008), CHAIN),
    **dict.fromkeys((1176, 1177, 1179, 1220, 1221), SYSTEM),
    **dict.fromkeys((1223, 1228), CHOICE),
    1215: "the header is the chain's issuer (verifactu/aeat/messages.py)",
    1244: "verifactu.literals writes the instant with its offset and without fraction",
    **dict.fromkeys((1247, 1251, 1263, 1264), CONSTANT),
    1273: "billing names no generator; rules.check_annulment knows what one must be",
}

CENSUS = "the census"
AGREEMENTS = "its register of agreements"
TROUBLE = "its own trouble"
STATE = "what it has stored; our marks follow from its answers (verifactu/history.py)"

THEIRS = {
    **dict.fromkeys((1109, 1110, 1121), CENSUS),
    1128: AGREEMENTS,
    **dict.fromkeys((1129, 1241, 1243, 1256, 1288), TROUBLE),
    1242: "which systems it knows",
    2004: "its clock; what is late by a failure says so (Incidencia)",
    **dict.fromkeys((3000, 3001, 3002, 3003, 3004), STATE),
}

INQUIRY = "about inquiries"
NOW_ADMISSIBLE = "since 1.1 the AEAT answers 2005 or 2006 instead"

ELSEWHERE = {
    **dict.fromkeys((1248, 1249, 1250, 1261, 1270, 1271, 1272, 1285), INQUIRY),
    **dict.fromkeys((1210, 1216), NOW_ADMISSIBLE),
    1214: "the schema has no NumeroOTAlta",
}

TABLE = {
    How.BLOCKED: BLOCKED,
    How.WARNED: set(WARNED_OF),
    How.SAID_OTHERWISE: set(SAID_OTHERWISE),
    How.IMPOSSIBLE: set(IMPOSSIBLE),
    How.THEIRS: set(THEIRS),
    How.ELSEWHERE: set(ELSEWHERE),
}
OF_RECORDS = {code for code in texts() if 1100 <= code < 1300 or 2000 <= code < 2100 or 3000 <= code < 3500}


def test_the_catalogue_has_the_codes_that_the_aeat_has_published() -> None:
    assert len(OF_RECORDS) == 193 + 10


def test_every_code_has_exactly_one_place() -> None:
    placed = [code for codes in TABLE.values() for code in codes]

    assert set(placed) == OF_RECORDS
    assert len(placed) == len(set(placed)), "no code is in two places"


def _found(severity: Severity) -> set[int]:
    found = [finding for _, _, one in (*REJECTED, *WARNED) for finding in rules.check(one, today=TODAY)]
    found += [finding for _, _, one in REJECTED_ANNULMENTS for finding in rules.check_annulment(one)]
    return {finding.code for finding in found if finding.severity is severity}


def test_what_is_said_to_be_checked_is_checked() -> None:
    assert _found(Severity.BLOCKING) >= BLOCKED
    assert set(WARNED_OF) <= _found(Severity.WARNING)


def test_no_rule_speaks_with_a_code_that_is_said_to_be_somebody_elses() -> None:
    of_messages = {4102, 4113}  # what the schema refuses is refused with the whole message

    assert _found(Severity.BLOCKING) == BLOCKED | of_messages
    assert _found(Severity.WARNING) == set(WARNED_OF) | {1152}  # of the days in between, see test_rules.py


@pytest.mark.parametrize(("code", "instead"), [(code, instead) for code, (instead, _why) in SAID_OTHERWISE.items()])
def test_what_is_said_otherwise_is_said(code: int, instead: int) -> None:
    assert instead in BLOCKED
    assert code not in _found(Severity.BLOCKING)
