"""Settings, from the environment (django-environ). ``.env.example`` explains each of them.

A missing or wrong one stops the start with the sentence that mends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import environ
from django.core.exceptions import ImproperlyConfigured

from config.theme import UNFOLD  # noqa: F401 - a setting: the admin's look and menu
from core import tax_ids
from verifactu.aeat.endpoints import read_test_url

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.3.0"

env = environ.Env()
env.read_env(BASE_DIR / ".env")


Value = TypeVar("Value")
_SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
_POSTGRES = re.compile("postgres(ql)?://")
_EXAMPLE_PRODUCER = "89890001K"  # the AEAT's own example


def setting(name: str, read: Callable[[str], Value], mend: str, *, default: str = "") -> Value:
    """A setting as ``read`` understands it; where it does not, the start ends with ``mend``. Empty is left out.

    The value itself is not repeated: it may be a secret.
    """
    text: str = env.str(name, default="").strip() or default
    try:
        return read(text)
    except (KeyError, ValueError, ImproperlyConfigured) as error:
        is_what = "is not right" if text else "is not set"
        raise ImproperlyConfigured(f"{name} {is_what}. {mend} See .env.example.") from error


def _that(holds: Callable[[str], object]) -> Callable[[str], str]:
    """Reads a text as it is, if ``holds`` says so."""

    def read(text: str) -> str:
        if not holds(text):
            raise ValueError(text)
        return text

    return read


def _switch(name: str, default: str) -> bool:
    return setting(name, lambda text: _SWITCH[text.lower()], "Set it to on or off.", default=default)


def _at_least(least: int) -> Callable[[str], int]:
    return lambda text: int(_that(lambda digits: digits.isascii() and digits.isdigit() and int(digits) >= least)(text))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _networks(text: str) -> list[str]:
    return [str(ip_network(part)) for part in _listed(text)]


def _hosts(text: str) -> list[str]:
    return [
        _that(re.compile(r"[a-z0-9.-]+|\[?[0-9a-f:]+\]?").fullmatch)(host.lower()).strip("[]") for host in _listed(text)
    ]


def _encryption_keys(text: str) -> list[str]:
    return [_that(lambda key: len(key) >= 32)(key) for key in _listed(_that(_listed)(text))]


def _optional_address(text: str) -> str:
    return _that(lambda address: not address or _is_address(address.partition("?")[0]))(text)


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and not parts.fragment


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat() if text else ""


def _is_producer(text: str) -> bool:
    return text == _EXAMPLE_PRODUCER or not tax_ids.check(text, country="ES", mode="live")


def _postgres(text: str) -> dict[str, Any]:
    found: dict[str, Any] = environ.Env.db_url_config(_that(_POSTGRES.match)(text))
    if not found["NAME"]:
        raise ValueError("DATABASE_URL")
    return found


# --- The process -----------------------------------------------------------------------------------------------------
DEBUG = _switch("DEBUG", default="off")
SECURE = _switch("SECURE", default="on")
SECRET_KEY = setting(
    "SECRET_KEY",
    _that(lambda text: len(text) >= 50),
    "Set it to at least 50 random characters: secrets.token_urlsafe(64) makes them.",
)
BASE_URL = setting(
    "BASE_URL", _that(_is_address), "Set it to the address users see, such as https://billing.example.es."
).rstrip("/")
ALLOWED_HOSTS = setting(
    "ALLOWED_HOSTS",
    lambda text: _listed(_that(lambda hosts: DEBUG or _listed(hosts))(text)),
    "List this installation's host names, separated by commas.",
)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TRUSTED_PROXIES = setting(
    "TRUSTED_PROXIES", _at_least(0), "Set it to the number of reverse proxies in front: 0 or more.", default="0"
)
METRICS_ADDRESSES = setting(
    "METRICS_ADDRESSES",
    _networks,
    "List addresses or ranges such as 10.0.0.0/8, separated by commas; a range ends in zeros.",
    default="127.0.0.0/8,::1",
)
# Secrets that must be readable again (webhooks'): the first encrypts, all decrypt (integrations/vault.py).
ENCRYPTION_KEYS = setting(
    "ENCRYPTION_KEYS",
    _encryption_keys,
    "Set it to at least 32 random characters: secrets.token_urlsafe(32) makes them. To change it, put the new one in "
    "front of the former, separated by a comma.",
)
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # its look, with our own site:
    "config.admin_config.PeoplesAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "oauth2_provider",
    "billing",
    "clients",
    "verifactu",
    "integrations",
    "audit",
    "config",  # last: its admin pages replace those of other people's apps
]

MIDDLEWARE = [
    "integrations.middleware.CorrelationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "integrations.middleware.ContentSecurityPolicyMiddleware",
    "integrations.deprecation.DeprecationMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"aeat": "verifactu.admin.tags", "house": "billing.admin.tags"},
        },
    }
]

# --- PostgreSQL, the only database -----------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": setting(
        "DATABASE_URL",
        _postgres,
        "Set it to postgres://USER:PASSWORD@HOST:PORT/NAME (PostgreSQL: the guarantees live in it), or run `make demo` "
        "for an embedded one.",
    )
}
# A connection per request would cost a third of the throughput; the explicit transactions are the services'.
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
DATABASES["default"].setdefault("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Who is at the door ----------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # the admin shows its own PDF in a frame
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # which asks for DENY, for that reason in vain

# --- Language, place and time: Spanish first; instants in UTC, fiscal dates in each seller's zone --------------------
LANGUAGE_CODE = "es"
LANGUAGES = [("es", "Español"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Europe/Madrid"
USE_TZ = True

# --- Files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT: str | None = env.str("STATIC_ROOT", default="") or None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = STATIC_ROOT is None  # without a folder they are served from the packages themselves
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # the contract's limit of a body
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a draft of 1,000 lines in the admin

# --- The machine's door ----------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["integrations.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["integrations.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["integrations.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "integrations.openapi.MachineSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is a method like others, and nobody declares it
    "EXCEPTION_HANDLER": "integrations.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
# Client credentials alone (RFC 6749 §4.4), as another way in for the same tokens (integrations/oauth).
OAUTH2_PROVIDER: dict[str, Any] = {
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",  # knows no other grant
    "OAUTH2_VALIDATOR_CLASS": "integrations.oauth.validator.TokensValidator",
    "SCOPES_BACKEND_CLASS": "integrations.oauth.scopes.TokensScopes",
    "ACCESS_TOKEN_GENERATOR": "integrations.tokens.make_access_token",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # RFC 9700: nothing that is stored can be used, and nothing insecure is left switched on.
    **{
        f"COMPLIANT_BCP_RFC9700_{rule}": True
        for rule in (
            "TOKEN_STORAGE",
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
            "PKCE_REQUIRED",
        )
    },
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Correlativa",
    "DESCRIPTION": (
        "From what a Spanish business sells to legal invoices. Money and quantities are decimal strings, never "
        "numbers; dates are `YYYY-MM-DD`. Every refusal is problem+json (RFC 9457) with all faults at once and stable "
        "codes. "
        "What creates or changes an invoice or payment needs an `Idempotency-Key`; a repeat gets the first answer."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]+",
    "DEFAULT_GENERATOR_CLASS": "integrations.schema_generation.VersionGenerator",
    "PATH_CONVERTER_OVERRIDES": {"any_uuid": UUID},
    "PREPROCESSING_HOOKS": ["integrations.paths.without_final_slash"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "integrations.openapi.share_common_parts",
        "integrations.schema_generation.keep_examples_within",
        "integrations.schema_generation.link_what_was_made",
        "integrations.schema_generation.describe_webhooks",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "InvoiceStatusEnum": "billing.api.filters.STATUSES",
        "PaymentMethodEnum": "billing.models.PaymentMethod.values",
        "CorrectionMethodEnum": "billing.models.CorrectionMethod.values",
        "DeadlineKindEnum": "billing.deadlines.KINDS",
        "OutcomeEnum": "audit.models.Outcome.values",
        "EventTypeEnum": "integrations.event_types.EVENT_TYPES",
        "AttemptOutcomeEnum": "integrations.models.AttemptOutcome.values",
        "DeliveryStateEnum": "integrations.models.DeliveryState.values",
        "EndpointStatusEnum": "integrations.models.EndpointStatus.values",
    },
}

# --- What is sent to other people's machines --------------------------------------------------------------------------
# Named receivers that may be internal, with any port and plain http; nobody else may (integrations/webhooks/guard.py).
WEBHOOK_ALLOWED_HOSTS = setting(
    "WEBHOOK_ALLOWED_HOSTS", _hosts, "List host names or addresses, without scheme and port, separated by commas."
)
ALERT_EMAILS = setting(
    "ALERT_EMAILS",
    lambda text: [_that(lambda address: "@" in address)(address) for address in _listed(text)],
    "List the e-mail addresses of who looks after this installation, separated by commas.",
)
ALERT_CHAT_URL = setting(
    "ALERT_CHAT_URL",
    _optional_address,
    "Set it to the address of a Slack-compatible incoming webhook, or leave it empty.",
)

# Calls at the machine's door are kept by the minute, by a thread of each web process (integrations/monitoring).
CALLS_ARE_KEPT = True

# --- Background work -------------------------------------------------------------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", default="")
WEB_PROCESSES = setting("WEB_PROCESSES", _at_least(1), "Set it to a number of processes: 1 or more.", default="1")
# django-q2 does schedules and the slow; its tasks carry ids only and are safe to repeat (docs/adr).
Q_CLUSTER: dict[str, Any] = {
    "name": "correlativa",
    "workers": 1,
    "timeout": 300,
    "retry": 600,
    "max_attempts": 5,
    "ack_failures": False,
    "save_limit": 250,
    "poll": 1,
    "catch_up": False,
    "label": "django-q2",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- The billing system itself (RD 1007/2023) ------------------------------------------------------------------------
BILLING_SYSTEM = {
    "producer_name": env.str("PRODUCER_NAME", default="") or "Correlativa",
    "producer_tax_id": setting(
        "PRODUCER_TAX_ID",
        _that(_is_producer),
        "Set it to the NIF, of nine characters, of who answers for this system.",
        default=_EXAMPLE_PRODUCER,
    ),
    "name": "Correlativa",
    "id": "CO",
    "version": VERSION,
    "installation_number": setting(
        "INSTALLATION_NUMBER",
        _that(re.compile(r"[\x20-\x7e]{1,100}").fullmatch),
        "Set it to something no other installation of yours ever had, such as the output of uuidgen: up to 100 "
        "characters of ASCII.",
    ),
    # For the declaración responsable alone.
    "producer_address": env.str("PRODUCER_ADDRESS", default=""),
    "producer_contact": env.str("PRODUCER_CONTACT", default=""),
    "producer_website": env.str("PRODUCER_WEBSITE", default=""),
    "signed_version": env.str("COMPLIANCE_VERSION", default=""),
    "signed_on": setting("COMPLIANCE_DATE", _day, "Set it to a day such as 2026-11-27, or leave it empty."),
    "signed_in": env.str("COMPLIANCE_PLACE", default=""),
}

# --- The AEAT --------------------------------------------------------------------------------------------------------
CERTIFICATES_FOLDER = BASE_DIR / (env.str("CERTIFICATES_FOLDER", default="") or "var/certificates")
AEAT_TEST_URL = setting(
    "AEAT_TEST_URL",
    read_test_url,
    "Set it to preproduction for the AEAT's own test hosts, or to the address of a simulated AEAT, such as "
    "https://localhost:8443; never to a host of the AEAT's.",
    default="https://localhost:8443",
)
AEAT_TEST_CA = BASE_DIR / (env.str("AEAT_TEST_CA", default="") or CERTIFICATES_FOLDER / "simulated-aeat-ca.pem")

# --- Where this database belongs (docs/operations.md, «Restored from a backup») --------------------------------------
DEPLOYMENT_FILE = Path(env.str("DEPLOYMENT_FILE", default="") or BASE_DIR / "var" / "deployment.json")
DEPLOYMENT_KEY: str = env.str("DEPLOYMENT_KEY", default="")

# --- Mail and logs ---------------------------------------------------------------------------------------------------
globals().update(
    setting(
        "EMAIL_URL",
        environ.Env.email_url_config,
        "Set it to smtp://USER:PASSWORD@HOST:PORT, or to consolemail:// to print mail.",
        default="consolemail://",
    )
)
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="facturas@localhost")
LOG_LEVEL = setting(
    "LOG_LEVEL",
    _that(("DEBUG", "INFO", "WARNING", "ERROR").__contains__),
    "Set it to DEBUG, INFO, WARNING or ERROR.",
    default="INFO",
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "integrations.logs.RequestFilter"}},
    "formatters": {"json": {"()": "integrations.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "django.request": {"level": "ERROR"},  # refusals are told by code (integrations/monitoring/observing.py)
        "oauthlib": {"level": "WARNING"},  # below that it tells of clients and their secrets
    },
}
