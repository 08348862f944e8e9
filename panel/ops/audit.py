"""The audit trail: who did what to which record. Called by every door through which staff change something."""

from typing import Any

from panel.ops.models import AuditEvent


def record(*, actor: str, action: str, target: str, detail: dict[str, Any] | None = None) -> None:
    """Add one line, in the caller's transaction. `target` is a plain reference: order:17. No secret in `detail`."""
    AuditEvent.objects.create(actor=actor[:100], action=action, target=target, detail=detail or {})
