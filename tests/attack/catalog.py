"""Every attack, and the tests that carry it out. `make attack` runs them and says for each whether the panel held.

A test is named by its file, or by file and function; files named full_*.py are for `make attack` alone.
"""

from dataclasses import dataclass

EMBEDDED, SCALED, FULL = (f"tests/attack/{name}.py" for name in ("test_embedded", "test_scaled", "full_times"))
SIGN_IN_PATHS = "tests/panel/customers/sign_in/test_sign_in.py"
SLOW = "tests/process/test_slow_callers.py"


@dataclass(frozen=True, slots=True)
class Attack:
    """What is tried, by which tests: with `on_postgres` on both databases, but real processes choose their own."""

    what: str
    tests: tuple[str, ...]
    on_postgres: bool = False


def within(file: str, *names: str) -> tuple[str, ...]:
    """Tests of one file."""
    return tuple(f"{file}::{name}" for name in names)


ATTACKS = (
    Attack(
        "An order sent again with its Idempotency-Key: form, JSON, multipart",
        (
            *within(EMBEDDED, "test_an_order_sent_many_times_with_one_idempotency_key_is_one"),
            *within("tests/races/test_orders.py", "test_one_token_is_one_order"),
            *within("tests/orders/api/test_actions.py", "test_an_idempotency_key_with_other_content_is_an_error"),
        ),
        on_postgres=True,
    ),
    Attack(
        "Absurd runs and intervals",
        (
            *within(EMBEDDED, "test_absurd_runs_and_intervals_are_refused"),
            *within("tests/orders/placing/test_validation.py", "test_runs_and_intervals_have_a_bound"),
        ),
    ),
    Attack(
        "Slow senders, slow readers, idle connections",
        (
            *within(
                SLOW,
                "test_slow_senders_hold_up_nobody_and_are_told_when_it_is_over",
                "test_who_is_idle_is_closed_without_a_word",
                "test_of_too_many_in_all_the_oldest_idle_are_closed",
                "test_slow_readers_hold_up_nobody_and_are_closed",
            ),
            *within(FULL, "test_slow_senders_leave_the_others_their_answers"),
        ),
    ),
    Attack(
        "Uploads without end, in chunks too",
        (
            *within(
                SLOW,
                "test_too_long_a_body_is_refused_before_it_is_read",
                "test_who_goes_on_sending_what_was_refused_is_cut_off",
                "test_an_upload_is_read_of_who_is_signed_in_up_to_its_own_limit",
                "test_small_chunks_beyond_the_limit_are_refused_when_it_is_reached",
            ),
            *within(FULL, "test_unlimited_uploads_end"),
        ),
    ),
    Attack("Ten times the load that it carries", ("tests/process/test_overload.py",)),
    Attack(
        "A flood of sign-ups and sign-ins, 100 a second",
        (
            "tests/panel/customers/sign_in/test_hashing.py",
            "tests/process/test_sign_in_flood.py",
            *within(FULL, "test_a_flood_of_sign_ups_and_sign_ins_leaves_room_for_orders"),
        ),
    ),
    Attack("Secrets through filters and orderings of the admin's lists", ("tests/panel/test_admin_lookups.py",)),
    Attack(
        "An owner locked out by wrong passwords",
        within(
            SIGN_IN_PATHS,
            "test_guesses_from_everywhere_slow_strangers_down_and_lock_nobody_out",
            "test_a_device_that_signed_in_before_has_a_count_of_its_own",
            "test_the_cookie_of_a_device_cannot_be_made_up_and_holds_for_its_accounts_alone",
            "test_an_account_that_is_guessed_goes_on_where_it_is_signed_in",
        ),
    ),
    Attack(
        "Guessing codes; a recovery code used twice",
        (
            "tests/panel/customers/sign_in/test_recovery_codes.py",
            "tests/races/test_recovery_codes.py",
            *within(SIGN_IN_PATHS, "test_a_second_factor_takes_five_wrong_codes"),
        ),
        on_postgres=True,
    ),
    Attack(
        "Who has an account, by words or by time",
        (
            *within(
                SIGN_IN_PATHS,
                "test_a_wrong_password_and_an_unknown_address_read_the_same",
                "test_an_unknown_address_is_hashed_for_as_well",
                "test_asking_for_a_new_password_reads_the_same",
                "test_signing_up_with_a_taken_address_reads_the_same",
            ),
            *within(FULL, "test_the_time_of_a_sign_up_does_not_tell_who_has_an_account"),
        ),
    ),
    Attack("Email addresses that look alike", ("tests/panel/customers/test_emails.py",)),
    Attack(
        "Deposits' pictures asked and withdrawn until the disk is full",
        within(
            "tests/panel/wallet/deposits/test_pictures.py",
            "test_asking_and_withdrawing_again_and_again_ends",
            "test_a_customers_pictures_of_a_day_have_a_limit_in_bytes",
            "test_all_pictures_and_deposits_of_a_day_have_limits",
        ),
    ),
    Attack("Webhooks into private hosts and ports", ("tests/orders/webhooks/test_public_only.py",)),
    Attack("Hanging webhooks beside a good one", ("tests/orders/webhooks/test_fairness.py",)),
    Attack(
        "Money to oneself, in every role",
        ("tests/orders/test_own_money.py", "tests/orders/staff/test_approvals.py"),
        on_postgres=True,
    ),
    Attack(
        "Providers' addresses and keys",
        within(
            "tests/providers/admin/test_provider_admin.py",
            "test_address_and_key_are_a_superusers_alone",
            "test_nobody_but_a_superuser_reads_an_address",
            "test_no_page_shows_the_key",
        ),
    ),
    Attack(
        "Seeing the panel as a customer, to do what is theirs",
        (
            *within(
                "tests/panel/customers/impersonation/test_impersonation.py",
                "test_nothing_can_be_changed_at_any_address",
            ),
            *within(
                "tests/panel/customers/impersonation/test_impersonation.py",
                "test_for_a_customer_there_is_no_page_to_end_a_look",
            ),
        ),
    ),
    Attack("What is another's, and what a role may not open", ("tests/test_every_address.py",)),
    Attack("Hostile requests at every address", ("tests/test_hostile_requests.py",)),
    Attack("Hostile texts on every page", ("tests/test_hostile_text.py",)),
    Attack("Formulas in CSV files", ("tests/orders/listing/test_export.py",)),
    Attack(
        "Headers: the server's name, HSTS, Permissions-Policy",
        (
            *within(EMBEDDED, "test_no_answer_names_the_server_and_all_carry_the_headers"),
            *within(EMBEDDED, "test_behind_https_browsers_are_kept_to_it"),
            "tests/panel/web/test_headers.py",
        ),
    ),
    Attack(
        "Passwords and keys in the list of processes",
        (
            *within(EMBEDDED, "test_no_secret_is_in_the_list_of_processes"),
            *within("tests/test_every_command.py", "test_a_password_comes_from_standard_input"),
            *within("tests/test_every_command.py", "test_a_secret_on_the_command_line_is_taken_with_a_warning"),
        ),
    ),
    Attack(
        "Several web processes: one code twice, more guesses",
        (
            *within(SCALED, "test_two_processes_count_as_one"),
            *within("tests/panel/test_serving.py", "test_several_processes_without_redis_are_refused"),
        ),
    ),
    Attack(
        "Redis taken away",
        (
            *within(SCALED, "test_without_redis_signing_in_and_ordering_go_on"),
            *within("tests/process/test_outages.py", "test_redis_stops_answering_and_dies"),
        ),
    ),
    Attack("PostgreSQL taken away", within(SCALED, "test_without_the_database_callers_are_asked_to_come_back")),
    Attack(
        "A full disk",
        (
            *within(EMBEDDED, "test_a_full_disk_is_reported"),
            *within("tests/panel/ops/health/test_health.py", "test_a_full_disk_is_named_without_its_path"),
        ),
    ),
    Attack(
        "A backup of a shop that is written to",
        (
            *within("tests/panel/ops/test_backup.py", "test_it_is_one_moment_of_a_database_that_is_written_to"),
            "tests/process/test_restore.py",
        ),
    ),
    Attack("DATA_KEYS replaced", ("tests/panel/ops/test_data_keys.py",)),
)
