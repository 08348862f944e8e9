"""All settings, from the environment only (each name also as NAME_FILE). README lists them; there is no debug mode."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from panel.account_settings import account_settings
from panel.celery_settings import celery_settings
from panel.database_settings import SQLITE, caches, database
from panel.first_run import load_or_create_secrets
from panel.lib.logs.settings import log_settings
from panel.lib.money import parse_amount

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# --- Where things are -------------------------------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
PORT = env.int("PORT", default=8000)
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
SITE_NAME = env.str("SITE_NAME", default="Panel")
CURRENCY = env.str("CURRENCY", default="USD").upper()
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
EMAIL_URL = env.str("EMAIL_URL", default="")

# --- Secrets ----------------------------------------------------------------------------------------------------------
_given = {name: env.str(name, default="") for name in ("SECRET_KEY", "DATA_KEYS", "API_PEPPER")}
_secrets = (
    _given if all(_given.values()) else {**load_or_create_secrets(DATA_DIR), **{k: v for k, v in _given.items() if v}}
)
SECRET_KEY = _secrets["SECRET_KEY"]
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # former ones, so that nobody is signed out
DATA_KEYS = [key.strip() for key in _secrets["DATA_KEYS"].split(",") if key.strip()]
API_PEPPER = _secrets["API_PEPPER"]

# --- Who may ask, and how it is guarded -------------------------------------------------------------------------------
DEBUG = False
_site = urlsplit(SITE_URL)
IS_HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ALLOWED_PRIVATE_HOSTS = frozenset(env.list("ALLOWED_PRIVATE_HOSTS", default=[]))  # ours to choose: providers, alerts
WEBHOOK_TEST_HOSTS: frozenset[str] = frozenset()  # customers' webhooks may be there; only the tests' settings name any
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
STAFF_TWO_FACTOR = env.bool("STAFF_TWO_FACTOR", default=True)  # off in the demo alone
REAUTHENTICATION = env.bool("REAUTHENTICATION", default=True)  # ask for the password again before sensitive actions
CUSTOMER_TWO_FACTOR = env.bool("CUSTOMER_TWO_FACTOR", default=False)  # else customers may, and need not
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=False)
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: for their owner to say
    "security.W008",  # the redirect to https is the proxy's, so that API clients are not redirected with their key
    "security.W021",  # HSTS preload: as above
    "models.W040",  # SQLite has no covering indexes; it keeps the plain part
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # panel/customers/sessions.py ends them earlier
MESSAGE_STORAGE = "panel.web.message_cookie.MessageStorage"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1536 * 1024  # the longest text of an order, in the widest letters, as a form has it
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000  # the permissions of a role are a field each

# --- The web server: how long and how much a connection may take, in each process ------------------------------------
# Longer than a proxy keeps its own connections: an order that it sends on one just closed would get a 502.
CONNECTION_IDLE_SECONDS = env.int("CONNECTION_IDLE_SECONDS", default=130 if SECURE_PROXY_SSL_HEADER else 5)
REQUEST_HEAD_SECONDS = env.int("REQUEST_HEAD_SECONDS", default=10)
REQUEST_BODY_SECONDS = env.int("REQUEST_BODY_SECONDS", default=10)
REQUEST_LEAST_BYTES_PER_SECOND = env.int("REQUEST_LEAST_BYTES_PER_SECOND", default=2048)
ANSWER_STALLED_SECONDS = env.int("ANSWER_STALLED_SECONDS", default=60)
CONNECTIONS = env.int("CONNECTIONS", default=1000)
CONNECTIONS_FROM_ONE_ADDRESS = env.int("CONNECTIONS_FROM_ONE_ADDRESS", default=100)

# --- The parts --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "panel.customers",
    "panel.wallet",
    "panel.ops",
    "panel.web",
    "providers",
    "providers.catalog",
    "orders",
    "orders.webhooks",
    "orders.reports",
    "panel.web.admin_app.PanelAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "panel.web.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "panel.web.middleware.PermissionsPolicyMiddleware",
    "csp.middleware.CSPMiddleware",  # before the static files, so that they carry the policy too
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "panel.customers.sign_in.hashing.HashingPlaceMiddleware",  # before a session is read
    "panel.web.body_limit.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "panel.customers.sessions.SessionSeenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "panel.web.unavailable.UnavailableMiddleware",
    "panel.web.middleware.PrivatePagesMiddleware",
    "panel.customers.sign_in.two_factor.TwoFactorMiddleware",
    "panel.customers.impersonation.middleware.ImpersonationMiddleware",
]
ROOT_URLCONF = "panel.urls"
WSGI_APPLICATION = "panel.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "panel.web.context.site",
                "orders.staff.sidebar_counts.staff_counts",
                "panel.wallet.context.wallet",
            ],
        },
    }
]
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True  # without LocaleMiddleware: every page is in LANGUAGE_CODE
USE_TZ = True
FORMAT_MODULE_PATH = "panel.web.formats"
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Database and cache -----------------------------------------------------------------------------------------------
DATABASES = {"default": database(env.db_url_config(DATABASE_URL or f"sqlite:///{DATA_DIR / 'panel.sqlite3'}"))}
IS_SQLITE = DATABASES["default"]["ENGINE"] == SQLITE
CACHES = caches(REDIS_URL)

# --- Customers --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "customers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_RESET_TIMEOUT = 3600
PASSWORD_HASHERS = ["panel.customers.sign_in.hashing.BoundedPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "panel.customers.sign_in.passwords.GuessableWordsValidator"},
]
vars().update(
    account_settings(
        site_name=SITE_NAME,
        scheme=_site.scheme,
        has_mail=bool(EMAIL_URL),
        asks_again=REAUTHENTICATION,
        is_behind_proxy=bool(SECURE_PROXY_SSL_HEADER),
    )
)

# --- Mail: a server, or files in the data directory -------------------------------------------------------------------
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"panel@{_site.hostname}")
EMAIL_TIMEOUT = 10

# --- Alerts: who hears of them beside the staff's page ----------------------------------------------------------------
ALERT_EMAILS = env.list("ALERT_EMAILS", default=[])
ALERT_TELEGRAM_TOKEN = env.str("ALERT_TELEGRAM_TOKEN", default="")
ALERT_TELEGRAM_CHATS = env.list("ALERT_TELEGRAM_CHATS", default=[])
ALERT_TELEGRAM_API = env.str("ALERT_TELEGRAM_API", default="https://api.telegram.org").rstrip("/")
ALERT_WEBHOOK_URL = env.str("ALERT_WEBHOOK_URL", default="")
ALERT_WEBHOOK_SECRET = env.str("ALERT_WEBHOOK_SECRET", default="")

# --- Orders and jobs: durations in seconds ----------------------------------------------------------------------------
SYNC_SECONDS = env.int("SYNC_SECONDS", default=15 * 60)
POLL_SECONDS = env.int("POLL_SECONDS", default=60)
REFILL_SECONDS = env.int("REFILL_SECONDS", default=5 * 60)
REFILL_WAIT_SECONDS = env.int("REFILL_WAIT_SECONDS", default=24 * 3600)  # between two refills of one order; 0 is none
CANCEL_SECONDS = env.int("CANCEL_SECONDS", default=60)
BALANCE_SECONDS = env.int("BALANCE_SECONDS", default=5 * 60)
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=15 if REDIS_URL else 5)
PROBE_SECONDS = env.int("PROBE_SECONDS", default=30)
UNMATCHED_SECONDS = env.int("UNMATCHED_SECONDS", default=env.int("STRAYS_SECONDS", default=5 * 60))  # its old name
WEBHOOK_SECONDS = env.int("WEBHOOK_SECONDS", default=5)
ALERT_SECONDS = env.int("ALERT_SECONDS", default=15)
SETTLE_SECONDS = env.int("SETTLE_SECONDS", default=10 * 60)
LEASE_SECONDS = env.int("LEASE_SECONDS", default=90)
ADD_DEADLINE_SECONDS = env.int("ADD_DEADLINE_SECONDS", default=30)
LINK_BUSY_SECONDS = env.int("LINK_BUSY_SECONDS", default=2 * 3600)
QUEUED_LIMIT_SECONDS = env.int("QUEUED_LIMIT_SECONDS", default=24 * 3600)
POLL_IN_FLIGHT = env.int("POLL_IN_FLIGHT", default=16)
API_CALLS_PER_10_SECONDS = env.int("API_CALLS_PER_10_SECONDS", default=100)  # of one key; 0 is no limit
API_ADD_PER_10_SECONDS = env.int("API_ADD_PER_10_SECONDS", default=100)
API_SERVICES_PER_MINUTE = env.int("API_SERVICES_PER_MINUTE", default=30)
REPORT_SECONDS = env.int("REPORT_SECONDS", default=60)
REPORT_TIME_ZONE = env.str("REPORT_TIME_ZONE", default="UTC")  # by whose clock the days of reports begin
MINIMUM_MARGIN_PERCENT = env.int("MINIMUM_MARGIN_PERCENT", default=0)
SECOND_APPROVAL_ABOVE = parse_amount(env.str("SECOND_APPROVAL_ABOVE", default="0"))  # in CURRENCY; 0 is off

# --- Metrics: /metrics for who has the token; without one there is no such page ---------------------------------------
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_DIR = DATA_DIR / "metrics"
HOST_NAME = socket.gethostname()
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_DIR / f"{HOST_NAME}-{os.getpid()}"))  # forked ones' too

# --- Jobs and logs ----------------------------------------------------------------------------------------------------
vars().update(celery_settings(REDIS_URL))
EXPECT_JOBS = env.bool("EXPECT_JOBS", default=True)  # whether /healthz looks at the jobs too
BACKUPS_KEPT = env.int("BACKUPS_KEPT", default=7)  # nightly ones of the embedded panel, in DATA_DIR/backups; 0: none
DISK_ROOM_MB = env.int("DISK_ROOM_MB", default=200)  # with less room on a disk of ours /healthz reports a problem
LOGGING_CONFIG = None
log_settings(as_json=env.bool("LOG_JSON", default=bool(REDIS_URL)), level=env.str("LOG_LEVEL", default="INFO"))

# --- Crash reports to Sentry; without a DSN nothing of it is even imported --------------------------------------------
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    from panel.lib.logs.crash_reports import report_crashes

    report_crashes(
        dsn=SENTRY_DSN,
        release=env.str("SENTRY_RELEASE", default="panel"),
        environment=env.str("SENTRY_ENVIRONMENT", default="production"),
        secrets=[
            *(SECRET_KEY, *SECRET_KEY_FALLBACKS, API_PEPPER, *DATA_KEYS),
            *(DATABASE_URL, REDIS_URL, EMAIL_URL, METRICS_TOKEN),
            *(ALERT_TELEGRAM_TOKEN, ALERT_WEBHOOK_SECRET, ALERT_WEBHOOK_URL, str(DATABASES["default"]["PASSWORD"])),
        ],
    )
