"""Which faults the providers play in a chaos run, and how often each beside the others."""

from collections.abc import Mapping

ADD: Mapping[str, float] = {
    **dict.fromkeys(("hang_after_create", "reset_after_create", "late_create", "both_fields"), 2),
    **dict.fromkeys(("hang_before_create", "reset_before_create", "error500_before", "error500_after"), 1),
    **dict.fromkeys(("error503_before", "error503_after", "html200_before", "html200_after", "html403_before"), 1),
    **dict.fromkeys(("empty_before", "empty_after", "truncated_after", "cut_after", "null_order", "first_id"), 1),
    **dict.fromkeys(("refused", "unknown_error", "unknown_error_after", "link_busy", "busy429", "maintenance"), 1),
    **dict.fromkeys(("zero_order", "list_order", "negative_order", "php_notice", "bom", "text_order"), 0.5),
    **dict.fromkeys(("status_success", "redirect_after", "slow_drip", "oversized", "empty_order"), 0.5),
    **dict.fromkeys(("funds", "invalid_key"), 0.2),
    "service_gone": 0.1,
}
READS: Mapping[str, float] = {
    **dict.fromkeys(("html", "error500", "error503", "empty_body", "truncated", "cut", "reset", "busy429"), 1),
    **dict.fromkeys(("hang", "html403", "redirect", "maintenance", "whole_error", "php_notice", "bom", "null"), 0.5),
    "not_json": 0.5,
}
STATUS: Mapping[str, float] = {
    **dict.fromkeys(("missing_ids", "error_entries", "null_remains", "unknown_word", "weak_charge"), 3),
    **dict.fromkeys(("bare_strings", "array_shape", "empty_remains", "unknown_remains", "negative_remains"), 1),
    **dict.fromkeys(("remains_over_quantity", "number_word", "null_charge", "null_start_count", "json_numbers"), 1),
    "text_numbers": 1,
}
MANY: Mapping[str, float] = dict.fromkeys(
    ("missing_ids", "error_entries", "bare_strings", "object_shape", "hang_after", "reset_after", "error500_after"), 1
)
LISTS: Mapping[str, float] = dict.fromkeys(
    ("empty_list", "tiny", "duplicate_ids", "min_over_max", "error_object", "json_numbers", "html_names"), 1
)
ACTIONS: Mapping[str, Mapping[str, float]] = {
    "add": ADD,
    "status": {**READS, **STATUS},
    "refill": {**READS, **MANY},
    "refill_status": {**READS, **MANY, "unknown_word": 1},
    "cancel": {**READS, **MANY, "single_true": 1},
    "services": {**READS, **LISTS},
    "balance": {**READS, "json_numbers": 1, "null_balance": 1},
}


def shares(of_all: float) -> dict[str, float]:
    """The shares for the simulator, so that of each action's answers this part is faulty."""
    return {
        f"{action}.{name}": of_all * weight / sum(weights.values())
        for action, weights in ACTIONS.items()
        for name, weight in weights.items()
    }
