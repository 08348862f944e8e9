"""How Celery is set: measured to lose nothing and to hang nowhere. The order row is the outbox, a message is a hint."""

from typing import Any

GENERAL_QUEUE = "panel"
PLACING_QUEUE = "panel-placing"
PLACING_TASKS = ("orders.tasks.sweep_orders", "orders.tasks.submit_order")
"""What places orders has a queue, and workers, of its own: jobs that wait for slow providers never hold it up."""
SOFT_LIMIT_SECONDS = 90
TIME_LIMIT_SECONDS = 150
"""A task that is asked to stop still waits for the calls under way, 30 seconds each at most, before it is killed."""


def celery_settings(redis_url: str) -> dict[str, Any]:
    """The CELERY_* settings for `redis_url`, or for the in-process broker where it is empty."""
    settings: dict[str, Any] = {
        "CELERY_BROKER_URL": redis_url or "memory://localhost",
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_TASK_ACKS_LATE": False,
        "CELERY_TASK_REJECT_ON_WORKER_LOST": False,
        "CELERY_TASK_SERIALIZER": "json",
        "CELERY_ACCEPT_CONTENT": ["json"],
        "CELERY_TASK_TIME_LIMIT": TIME_LIMIT_SECONDS,
        "CELERY_TASK_SOFT_TIME_LIMIT": SOFT_LIMIT_SECONDS,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT": 45,
        "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_TASK_PUBLISH_RETRY": False,
        "CELERY_TIMEZONE": "UTC",
        "CELERY_TASK_DEFAULT_QUEUE": GENERAL_QUEUE,
        # A worker that is started without queue names reads both.
        "CELERY_TASK_QUEUES": {
            name: {"exchange": name, "exchange_type": "direct", "routing_key": name}
            for name in (GENERAL_QUEUE, PLACING_QUEUE)
        },
        "CELERY_TASK_ROUTES": {task: {"queue": PLACING_QUEUE} for task in PLACING_TASKS},
    }
    if redis_url:
        settings["CELERY_BROKER_TRANSPORT_OPTIONS"] = {
            "visibility_timeout": 3600,
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
        }
        settings["CELERY_BROKER_POOL_LIMIT"] = 10
    else:
        settings["CELERY_BROKER_TRANSPORT_OPTIONS"] = {"polling_interval": 0.05}
    return settings
