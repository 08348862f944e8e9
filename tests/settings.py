"""The panel's own settings for tests: a data directory of its own, quick passwords, and no manifest of static files."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="panel-tests."))
os.environ["DATA_DIR"] = (  # each worker has a database of its own, and what goes with it
    os.environ["DATA_DIR"].removesuffix(os.environ.get("PYTEST_XDIST_WORKER", ""))
    + os.environ.get("PYTEST_XDIST_WORKER", "")
)
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
os.environ.setdefault("STAFF_TWO_FACTOR", "0")
os.environ.setdefault("ALLOWED_PRIVATE_HOSTS", "127.0.0.1,localhost")

from panel.settings import *  # noqa: F403
from panel.settings import DATA_DIR, DATABASES, IS_SQLITE, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if IS_SQLITE:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}
    DATABASES["default"]["OPTIONS"] |= {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"}
