"""Settings of the test run: the real ones, with a throwaway PostgreSQL and secrets of no value."""

import os

os.environ.setdefault("SECRET_KEY", "tests-tests-tests-tests-tests-tests-tests-tests-tests-tests")
os.environ.setdefault("BASE_URL", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SECURE", "off")
os.environ.setdefault("DATABASE_URL", "postgres://postgres@/correlativa?host=/tmp/devpg")

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

# The triggers that refuse TRUNCATE let the test runner empty its tables; nobody else sets this.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c app.allow_truncate=on"
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
