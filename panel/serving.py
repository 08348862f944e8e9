"""The web server: gunicorn, its log lines sent through ours. Run by the command `run_panel`, embedded and at scale."""

import logging
import os
import re
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from panel.embedded import EmbeddedJobs

STOP_SECONDS = 45
QUIET_PATHS = ("/healthz", "/metrics")
SECRET_IN_PATH = re.compile(r"(/(?:password/reset/key|confirm-email)/)[^/]+")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (gunicorn makes unnamed files of its own there)


class ServerLog(Logger):  # type: ignore[misc] # gunicorn is not typed
    """Gunicorn's lines as events of our own log; a request's line has its path without the query."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        path = environ.get("PATH_INFO", "")
        level = logging.DEBUG if path.startswith(QUIET_PATHS) else logging.INFO
        headers = {name.lower(): value for name, value in resp.headers}
        self.access_log.log(
            level,
            "request",
            extra={
                "method": environ.get("REQUEST_METHOD", ""),
                "path": SECRET_IN_PATH.sub(r"\1...", path),
                "status": str(resp.status).partition(" ")[0],
                "milliseconds": round(request_time.total_seconds() * 1000, 1),
                "address": environ.get("REMOTE_ADDR", ""),
                "request_id": headers.get("x-request-id", ""),
            },
        )


class PanelServer(BaseApplication):  # type: ignore[misc] # gunicorn is not typed
    """Serves the panel on `bind`; with `jobs` its one worker process also runs them, and is replaced when they die."""

    def __init__(self, *, bind: str, jobs: bool, workers: int) -> None:
        self.bind = bind
        self.workers = 1 if jobs else workers
        self.jobs = EmbeddedJobs(on_death=_leave) if jobs else None
        super().__init__(prog="run_panel")

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": self.bind,
            "workers": self.workers,
            "worker_class": "panel.server.worker.ReadingWorker",
            "threads": 8,
            "graceful_timeout": STOP_SECONDS,
            "timeout": STOP_SECONDS + 15,
            "control_socket_disable": True,
            "logger_class": ServerLog,
            "accesslog": "-",
            "proc_name": "panel",
            "forwarder_headers": "",  # no client says where the panel begins (SCRIPT_NAME)
        }
        if SHARED_MEMORY.is_dir():
            settings["worker_tmp_dir"] = str(SHARED_MEMORY)
        if self.jobs:
            settings["post_worker_init"] = self._start_jobs
            settings["worker_exit"] = self._stop_jobs
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from panel.wsgi import application  # in the worker: it sets Django up anew where that is not done yet

        return application

    def _start_jobs(self, worker: Any) -> None:
        if self.jobs:
            self.jobs.start()

    def _stop_jobs(self, server: Any, worker: Any) -> None:
        if self.jobs:
            self.jobs.stop()


def _leave() -> None:
    """End this worker process in order; gunicorn starts another, with jobs that live."""
    os.kill(os.getpid(), signal.SIGTERM)
