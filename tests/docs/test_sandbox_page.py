"""Every command of docs/sandbox.md, run as it stands against a server of its own."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from billing.models import Seller
from integrations.models import Scenario, ScenarioKind
from tests.api.machines import a_machine
from tests.builders import a_seller
from tests.running_house import web_server

PAGE = Path(settings.BASE_DIR) / "docs" / "sandbox.md"
ROW = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)


def test_the_page_names_every_scenario_and_no_other() -> None:
    assert sorted(ROW.findall(PAGE.read_text(encoding="utf-8"))) == sorted(ScenarioKind.values)


@pytest.mark.crash
@pytest.mark.django_db(transaction=True)
def test_every_command_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    token = a_machine(a_seller(tax_id="B99999021")).secret
    script = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    (tmp_path / "web").mkdir()
    with web_server(tmp_path / "web") as port:
        told = {**os.environ, "BASE": f"http://127.0.0.1:{port}", "TOKEN": token}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=told,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    year = datetime.now(ZoneInfo("Europe/Madrid")).year
    numbers = re.findall(r'"display_number":"([^"]+)"', done.stdout)
    assert numbers == ["A-2030-00001", "A-2031-00001", "A-2031-00002", f"A-{year}-00001"], done.stdout
    assert "504 Gateway Time-out" in done.stdout
    assert '"request_id"' not in done.stdout, "no problem was answered"
    assert Seller.objects.count() == 2
    assert not Scenario.objects.filter(ended_at=None).exists()
