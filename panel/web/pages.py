"""Pages of a list that may be very long. Called by the staff's lists and, through its base, by the admin's."""

from typing import TYPE_CHECKING, Any

from django.core import paginator
from django.utils.functional import cached_property

from panel.lib.database.counts import count_up_to

if TYPE_CHECKING:  # generic to the type checker alone
    Paginator = paginator.Paginator[Any]
else:
    Paginator = paginator.Paginator

MAX_COUNTED = 10_000


class BoundedPaginator(Paginator):
    """Counts a queryset no further than MAX_COUNTED rows, and has no pages beyond: what is there, a search finds."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return count_up_to(rows, MAX_COUNTED + 1)

    @property
    def count(self) -> int:
        return min(self._counted, MAX_COUNTED)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > MAX_COUNTED
