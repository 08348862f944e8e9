"""`manage.py reseal_secrets`: after a new key was put first in DATA_KEYS, seal everything under it."""

from dataclasses import asdict
from typing import Any

from orders.operations.key_rotation import reseal_all
from panel.lib.commands import Answer, OperatorCommand, operator
from panel.ops import audit


class Command(OperatorCommand):
    help = "Seal provider keys, webhook secrets and second factors under the first of DATA_KEYS; exit 1 if any is lost."

    def work(self, **options: Any) -> Answer:
        done = reseal_all()
        detail = {"resealed": done.resealed, "current": done.current, "unopened": len(done.unopened)}
        audit.record(actor=operator(), action="secrets.reseal", target="panel", detail=detail)
        text = f"{done.resealed:,} sealed anew, {done.current:,} were already."
        if done.unopened:
            text += f" No key opens {', '.join(done.unopened)}: keep the older keys, or enter these anew."
        elif done.resealed:
            text += " The older keys can go, once no process runs with them."
        return Answer(text=text, data=asdict(done), exit_status=1 if done.unopened else 0)
