"""Settings of the test run: the real ones, with a throwaway PostgreSQL and secrets of no value."""

import os

from tests import throwaway

os.environ.setdefault("SECRET_KEY", "tests-tests-tests-tests-tests-tests-tests-tests-tests-tests")
os.environ.setdefault("ENCRYPTION_KEYS", "tests-tests-tests-tests-tests-tests")
os.environ.setdefault("BASE_URL", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("SECURE", "off")
os.environ.setdefault("INSTALLATION_NUMBER", "tests")
# One key for all processes of a run, whatever file each of them has; the file is of this process, and empty at first.
os.environ.setdefault("DEPLOYMENT_KEY", "tests")
os.environ["DEPLOYMENT_FILE"] = str(throwaway.folder() / "deployment.json")
if "DATABASE_URL" not in os.environ:
    # Here, since pytest-django reads the settings before any fixture; pytest-xdist's workers inherit the address.
    os.environ["DATABASE_URL"] = throwaway.start()

from config.settings import *  # noqa: F403
from config.settings import DATABASES

# The triggers that refuse TRUNCATE let the test runner empty its tables; nobody else sets this.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c app.allow_truncate=on"
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # static files are looked up when asked for, not listed anew for every test's client
CALLS_ARE_KEPT = False  # no thread of ours writes into the tests' database behind their backs
