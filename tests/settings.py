"""The panel's own settings for tests: a data directory of its own, quick passwords, and no manifest of static files."""

import os
import tempfile

from tests.environment import cleanse

if "DATA_DIR_OF" not in os.environ:  # the run itself; the processes that it starts have what they were given
    cleanse(os.environ)
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="panel-tests."))
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ["DATA_DIR"] += "" if os.environ.get("DATA_DIR_OF") == _worker else _worker  # with each worker's database
os.environ["DATA_DIR_OF"] = _worker  # the processes that tests start have theirs as it was given
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # each process of a run has its own
os.environ["STAFF_TWO_FACTOR"] = os.environ["REAUTHENTICATION"] = "0"
os.environ["ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1,localhost"

from panel.settings import *  # noqa: E402, F403
from panel.settings import DATA_DIR, DATABASES, IS_SQLITE, STORAGES  # noqa: E402

WEBHOOK_TEST_HOSTS = frozenset({"127.0.0.1"})
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True  # else each test client's first request reads the folder of static files
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if IS_SQLITE:
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}
    DATABASES["default"]["OPTIONS"] |= {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"}
