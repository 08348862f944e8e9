"""What the commands that ask for refills and cancels have to say."""

from collections.abc import Mapping, Sequence

from panel.lib.commands import Answer


def answer_of(said: Mapping[int, str], order_ids: Sequence[int]) -> Answer:
    """Each order with "done" or the reason; exit status 1 where one was not done."""
    result = {order_id: said.get(order_id, "There is no such order.") for order_id in order_ids}
    refused = {str(order_id): reason for order_id, reason in result.items() if reason}
    return Answer(
        text="\n".join(f"{order_id}: {reason or 'done'}" for order_id, reason in result.items()),
        data={"done": [order_id for order_id, reason in result.items() if not reason], "refused": refused},
        exit_status=1 if refused else 0,
    )
