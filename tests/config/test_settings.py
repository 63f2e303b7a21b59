"""A wrong setting stops the start with the sentence that mends it."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "s" * 50,
    "BASE_URL": "https://billing.example.es",
    "ALLOWED_HOSTS": "billing.example.es",
    "DATABASE_URL": "postgres://nobody@localhost:1/none",
    "INSTALLATION_NUMBER": "1",
    "ENCRYPTION_KEYS": "k" * 32,
}
READ = """
import environ, sys
environ.Env.read_env = lambda *arguments, **options: None  # whatever lies in this checkout's .env
from django.core.exceptions import ImproperlyConfigured
try:
    from config import settings
except ImproperlyConfigured as error:
    sys.exit(str(error))
"""


def complaint(**changes: str) -> str:
    """What the start says with these settings: nothing, or why it ends."""
    command = [sys.executable, "-W", "error", "-c", READ]
    done = subprocess.run(command, env={**GOOD, **changes}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_what_must_be_set_is_enough():
    assert complaint() == ""


@pytest.mark.parametrize(
    "right",
    [
        {"DEBUG": "True", "SECURE": "0", "ALLOWED_HOSTS": ""},
        {"PRODUCER_TAX_ID": "89890001K", "METRICS_ADDRESSES": "10.0.0.0/8, ::1", "TRUSTED_PROXIES": "2"},
        {"PRODUCER_TAX_ID": "B58378431", "WEB_PROCESSES": "4", "LOG_LEVEL": "ERROR"},
        {"AEAT_TEST_URL": "preproduction", "CERTIFICATES_FOLDER": "/run/secrets", "AEAT_TEST_CA": "/run/ca.pem"},
        {"AEAT_TEST_URL": "https://localhost:8443/"},
        {
            "ENCRYPTION_KEYS": "n" * 32 + ", " + "f" * 40,
            "WEBHOOK_ALLOWED_HOSTS": "localhost, 10.0.0.7, [::1], shop.lan",
        },
        {"ALERT_EMAILS": "maria@example.es, ops@example.es", "ALERT_CHAT_URL": "https://chat.example/hook?key=1"},
        {"EMAIL_URL": "smtp://user:secret@mail.example.es:25", "DATABASE_URL": "postgres://u@/n?host=/run/pg"},
    ],
)
def test_what_is_right_is_taken(right):
    assert complaint(**right) == ""


@pytest.mark.parametrize(
    "name, wrong, mend",
    [
        ("SECRET_KEY", "", "is not set. Set it to at least 50 random characters"),
        ("SECRET_KEY", "s" * 49, "is not right. Set it to at least 50 random characters"),
        ("ENCRYPTION_KEYS", "", "is not set. Set it to at least 32 random characters"),
        ("ENCRYPTION_KEYS", "k" * 32 + ",short", "is not right. Set it to at least 32 random characters"),
        ("WEBHOOK_ALLOWED_HOSTS", "http://shop.example", "without scheme and port"),
        ("WEBHOOK_ALLOWED_HOSTS", "shop.example:8080", "without scheme and port"),
        ("ALERT_EMAILS", "maria", "List the e-mail addresses"),
        ("ALERT_CHAT_URL", "chat", "Slack-compatible"),
        ("WEB_PROCESSES", "0", "1 or more"),
        ("WEB_PROCESSES", "many", "1 or more"),
        ("INSTALLATION_NUMBER", "", "is not set. Set it to something no other installation"),
        ("INSTALLATION_NUMBER", "1" * 101, "up to 100 characters of ASCII"),
        ("INSTALLATION_NUMBER", "ñ", "up to 100 characters of ASCII"),
        ("PRODUCER_TAX_ID", "B00000000", "Set it to the NIF, of nine characters"),
        ("PRODUCER_TAX_ID", "12345678A", "Set it to the NIF, of nine characters"),
        ("METRICS_ADDRESSES", "10.0.0.1/8", "List addresses or ranges"),
        ("METRICS_ADDRESSES", "everybody", "List addresses or ranges"),
        ("DEBUG", "maybe", "Set it to on or off"),
        ("SECURE", "yes!", "Set it to on or off"),
        ("DATABASE_URL", "", "is not set. Set it to postgres://"),
        ("DATABASE_URL", "postgres", "Set it to postgres://"),
        ("DATABASE_URL", "sqlite:///file", "Set it to postgres://"),
        ("DATABASE_URL", "postgres://u@h:port/n", "Set it to postgres://"),
        ("TRUSTED_PROXIES", "-1", "0 or more"),
        ("TRUSTED_PROXIES", "one", "0 or more"),
        ("LOG_LEVEL", "LOUD", "Set it to DEBUG, INFO"),
        ("EMAIL_URL", "mail.example.es", "Set it to smtp://"),
        ("EMAIL_URL", "pigeon://x", "Set it to smtp://"),
        ("BASE_URL", "", "is not set. Set it to the address users see"),
        ("BASE_URL", "billing.example.es", "Set it to the address users see"),
        ("BASE_URL", "https://", "Set it to the address users see"),
        ("AEAT_TEST_URL", "http://localhost:8443", "Set it to preproduction"),
        ("AEAT_TEST_URL", "https://www1.agenciatributaria.gob.es", "never to a host of the AEAT's"),
        ("AEAT_TEST_URL", "production", "Set it to preproduction"),
        ("ALLOWED_HOSTS", " , ", "List this installation's host names"),
    ],
)
def test_what_is_wrong_ends_the_start_with_what_mends_it(name, wrong, mend):
    said = complaint(**{name: wrong})
    assert said.startswith(f"{name} is not ")
    assert mend in said
    assert said.endswith("See .env.example.")


def test_a_secret_is_not_repeated():
    assert "hunter2" not in complaint(SECRET_KEY="hunter2")
    assert "hunter2" not in complaint(ENCRYPTION_KEYS="hunter2")
    assert "hunter2" not in complaint(DATABASE_URL="postgres://shop:hunter2@localhost:port/none")
