"""Settings, from the environment (django-environ). ``.env.example`` explains each of them.

A missing or wrong one stops the start with the sentence that mends it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.theme import UNFOLD  # noqa: F401 - a setting: the admin's look and menu

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = environ.Env()
env.read_env(BASE_DIR / ".env")


def required(name: str, mend: str) -> str:
    """A setting without which nothing may start."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {mend} See .env.example.")
    return value


# --- The process -----------------------------------------------------------------------------------------------------
DEBUG: bool = env.bool("DEBUG", default=False)
SECURE: bool = env.bool("SECURE", default=True)
SECRET_KEY = required("SECRET_KEY", "Set it to at least 50 random characters: secrets.token_urlsafe(64) makes them.")
BASE_URL = required("BASE_URL", "Set it to the address users see, such as https://billing.example.es.").rstrip("/")
if not BASE_URL.startswith(("https://", "http://")):
    raise ImproperlyConfigured("BASE_URL must begin with https:// (or http:// on localhost). See .env.example.")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
if not ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set. List this installation's host names. See .env.example.")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)
METRICS_ADDRESSES: list[str] = env.list("METRICS_ADDRESSES", default=["127.0.0.0/8", "::1"])
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
            "libraries": {"house": "billing.admin.tags"},
        },
    }
]

# --- PostgreSQL, the only database -----------------------------------------------------------------------------------
required("DATABASE_URL", "Set it to postgres://USER:PASSWORD@HOST:PORT/NAME, or run `make demo` for an embedded one.")
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name PostgreSQL (postgres://…): the guarantees live in it.")
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
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["integrations.paths.without_final_slash"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "integrations.openapi.share_common_parts",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "InvoiceStatusEnum": "billing.api.filters.STATUSES",
        "PaymentMethodEnum": "billing.models.PaymentMethod.values",
    },
}

# --- Background work -------------------------------------------------------------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", default="")
WEB_PROCESSES: int = env.int("WEB_PROCESSES", default=1)
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
    "producer_tax_id": env.str("PRODUCER_TAX_ID", default="") or "89890001K",
    "name": "Correlativa",
    "id": "CO",
    "version": VERSION,
    "installation_number": required(
        "INSTALLATION_NUMBER",
        "Set it to something no other installation of yours ever had, such as the output of uuidgen.",
    ),
}

# --- Mail and logs ---------------------------------------------------------------------------------------------------
globals().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="facturas@localhost")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "integrations.logs.RequestFilter"}},
    "formatters": {"json": {"()": "integrations.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.server": {"handlers": ["stderr"], "propagate": False}},
}
