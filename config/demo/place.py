"""Where the demo lives, and what runs there."""

from __future__ import annotations

import json
import os
import secrets
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.postgres import EmbeddedPostgres
from config.processes import Program
from core.private import write_private

ROOT = Path(__file__).resolve().parent.parent.parent
_CORES = len(os.sched_getaffinity(0))
# One thread each: who holds a series' lock must never wait for another thread to give the interpreter back. Two
# processes a core, since one of them often waits for the database.
_WEB_PROCESSES = str(2 * _CORES)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder where the demo keeps its data and the port where it listens."""

    folder: Path
    port: int

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def aeat_port(self) -> int:
        """Where the simulated AEAT listens: 8443 beside 8000."""
        return self.port + 443 if self.port + 443 < 65536 else self.port - 443

    @property
    def aeat_url(self) -> str:
        return f"https://localhost:{self.aeat_port}"

    @property
    def certificates(self) -> Path:
        """Those of the test sellers, and what the simulated AEAT holds."""
        return self.folder / "certificates"

    @property
    def facts(self) -> Path:
        """What scripts read: addresses, users, tokens."""
        return self.folder / "demo.json"

    def postgres(self) -> EmbeddedPostgres:
        """The demo's own database server."""
        return EmbeddedPostgres(self.folder)

    def environment(self, database_url: str) -> dict[str, str]:
        """The settings, complete: neither the caller's environment nor a ``.env`` has a say in them."""
        return {
            **os.environ,
            **self._secrets(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": database_url,
            "BASE_URL": self.base_url,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "SECURE": "off",
            "DEPLOYMENT_FILE": str(self.folder / "deployment.json"),
            "DEPLOYMENT_KEY": "",
            "DEBUG": "off",
            "TRUSTED_PROXIES": "0",
            "REDIS_URL": "",
            "CERTIFICATES_FOLDER": str(self.certificates),
            "AEAT_TEST_URL": self.aeat_url,
            "AEAT_TEST_CA": "",
            "WEB_PROCESSES": _WEB_PROCESSES,
            "WEBHOOK_ALLOWED_HOSTS": "localhost,127.0.0.1,::1",
            "ALERT_EMAILS": "",
            "ALERT_CHAT_URL": "",
            "EMAIL_URL": "consolemail://",
            "LOG_LEVEL": "INFO",
        }

    def _secrets(self) -> dict[str, str]:
        """Made at random once, and kept: sessions and the installation's number outlive a restart."""
        file = self.folder / "secrets.json"
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        made = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "INSTALLATION_NUMBER": f"demo-{uuid.uuid4()}",
            "ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        }
        if made.keys() - kept.keys():  # a demo of an earlier version lacks what came later
            kept = {**made, **kept}
            write_private(file, json.dumps(kept))
        return kept

    def simulated_aeat(self, environment: Mapping[str, str]) -> Program:
        """Whom test mode sends to. It asks for a shorter wait than the AEAT's, since a demo is watched."""
        command = [sys.executable, str(ROOT / "manage.py"), "simulate_aeat", "--port", str(self.aeat_port)]
        flags = ["--folder", str(self.certificates), "--wait", "2"]
        return self._program("aeat", [*command, *flags], environment)

    def programs(self, environment: Mapping[str, str]) -> list[Program]:
        """The web server, two workers for what must not fail, and django-q2 for the rest."""
        manage = [sys.executable, str(ROOT / "manage.py")]
        web = [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--workers", _WEB_PROCESSES, "--blocking-threads", "1", "--workers-kill-timeout", "10"),
            *("--respawn-failed-workers", "--respawn-interval", "0.5", "config.wsgi:application"),
        ]
        worker, cluster = [*manage, "work"], [*manage, "qcluster"]
        commands = {"web": web, "work-1": worker, "work-2": worker, "qcluster": cluster}
        return [self._program(name, command, environment) for name, command in commands.items()]

    def preparation(self, environment: Mapping[str, str]) -> Program:
        """Migrations, and demo data where there are none."""
        command = [sys.executable, str(ROOT / "manage.py"), "prepare_demo", "--data-dir", str(self.folder)]
        return self._program("prepare", command, environment)

    def _program(self, name: str, command: list[str], environment: Mapping[str, str]) -> Program:
        log = self.folder / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return Program(name, command, environment=environment, log=log)
