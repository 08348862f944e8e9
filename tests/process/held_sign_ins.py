"""The panel's web server with a Django that keeps each sign-in and sign-up waiting until it is told to go on.

One that reaches Django leaves a file in the folder that `serve` is given; a file `go` in it ends the wait.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panel.customers.sign_in.hashing import HASHING_PAGES
from panel.serving import PanelServer


class HoldingServer(PanelServer):
    """Serves pages alone, from one process."""

    def __init__(self, *, bind: str, folder: Path) -> None:
        self.folder = folder
        super().__init__(bind=bind, jobs=False, workers=1)

    def load(self) -> Any:
        application: Callable[..., Any] = super().load()

        def held(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in HASHING_PAGES:
                os.close(tempfile.mkstemp(suffix=".reached", dir=self.folder)[0])
                while not (self.folder / "go").exists():
                    time.sleep(0.01)
            return application(environ, start_response)

        return held


def serve(bind: str, folder: str) -> None:
    HoldingServer(bind=bind, folder=Path(folder)).run()
