"""What the product promises, and the tests that hold it: the source of ``docs/promises.md``.

A promise without tests is not kept yet. ``lacks`` says what its tests do not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "promises.md"


@dataclass(frozen=True, slots=True)
class Promise:
    """One numbered promise. ``tests`` are ``path::function``, the path below ``tests/``."""

    id: str
    says: str
    tests: Sequence[str] = ()
    lacks: str = ""


FAULTS = (
    Promise(
        "F01",
        "A gateway killed at any instant loses nothing that was stored and doubles nothing",
        (
            "journal/test_kill.py::test_kills_lose_and_double_nothing_that_was_acknowledged",
            "system/test_mini_deaths.py::test_three_kills_at_random_instants_double_and_lose_nothing",
            "flow/test_forward_runner.py::test_an_answer_that_is_lost_repeats_but_never_skips",
        ),
        "the times on a Raspberry Pi",
    ),
    Promise(
        "F02",
        "A power cut in the middle of a write loses nothing that was stored",
        ("journal/test_damage.py::test_a_truncated_log_leaves_a_consistent_earlier_state",),
        "the replay of power cuts over thousands of disk states",
    ),
    Promise(
        "F03",
        "A damaged store is put aside, the gateway starts, the gap is counted",
        (
            "journal/test_damage.py::test_a_damaged_file_is_put_aside_and_the_gateway_starts",
            "journal/test_damage.py::test_a_damaged_row_becomes_a_gap_and_the_rest_is_delivered",
            "journal/test_damage.py::test_a_disk_that_damages_every_new_file_is_not_tried_without_a_rest",
            "journal/test_any_damage.py::test_a_journal_with_any_damage_opens_stores_and_issues_no_number_twice",
            "test_database.py::test_a_file_that_lacks_any_column_is_damaged_when_it_is_opened",
        ),
    ),
    Promise(
        "F04",
        "A full disk stops nothing that is live; the gap is exact; storing resumes by itself",
        (
            "journal/test_disk.py::test_a_full_disk_stops_nothing_and_the_gap_is_exact",
            "journal/test_disk.py::test_a_start_on_a_full_disk_shows_what_was_and_goes_on_when_there_is_room",
            "test_run.py::test_a_gateway_starts_on_a_full_disk_and_stores_when_there_is_room",
            "partners/test_healing.py::test_a_disk_that_is_full_in_the_middle_of_an_order_loses_nothing_of_it",
        ),
        "the policies keep-oldest and thin",
    ),
    Promise(
        "F05",
        "After a failed sync nothing counts as stored until the store works again",
        (
            "journal/test_sync_errors.py::test_nothing_is_acknowledged_on_a_failed_sync_and_it_goes_on_afterwards",
            "journal/test_disk.py::test_after_a_failed_commit_nothing_is_doubled",
        ),
    ),
    Promise(
        "F06",
        "A sink that was away for a day gets everything, while live values go on",
        ("flow/test_forward_runner.py::test_a_sink_that_was_away_reads_on_where_it_stopped",),
        "a day of backlog at the reference load; catch-up for MQTT",
    ),
    Promise(
        "F07",
        "A lost acknowledgement repeats on the wire and is told apart by its number",
        ("flow/test_forward_runner.py::test_an_answer_that_is_lost_repeats_but_never_skips",),
        "a connection cut at every byte of a message",
    ),
    Promise(
        "F08",
        "A broker that comes back empty costs no report and no retained message",
        (
            "partners/test_healing.py::test_a_broker_that_has_forgotten_everything_loses_nothing",
            "system/test_mini_deaths.py::test_an_emptied_broker_loses_no_report",
            "sinks/test_mqtt.py::test_emptied_broker_learns_everything_again",
        ),
        "readings that a firm's broker had not handed on",
    ),
    Promise(
        "F09",
        "One record that a sink refuses is parked and counted; the rest is delivered",
        (
            "sinks/test_influx.py::test_one_poison_value_is_parked_and_the_rest_arrives",
            "sinks/test_influx.py::test_a_server_that_is_busy_gets_everything_later",
            "sinks/test_influx.py::test_what_is_too_large_is_sent_in_parts",
            "flow/test_forward_runner.py::test_poison_is_parked_and_the_rest_delivered",
        ),
    ),
    Promise(
        "F10",
        "A connection that is dead on one side is noticed within fifteen seconds",
        (
            "drivers/test_mqtt.py::test_unanswered_publication_ends_the_connection",
            "system/test_uplink.py::test_a_pulled_uplink_is_a_broken_line_and_comes_back",
        ),
        "a black hole in the network, on every kind of link",
    ),
    Promise(
        "F11",
        "A slow device delays no other; polls never overlap, and what is skipped is counted",
        (
            "flow/test_source_runner.py::test_a_slow_source_skips_and_counts_polls_and_never_overlaps",
            "sources/test_shared_line.py::test_a_dead_unit_leaves_its_neighbours_at_nearly_full_rate",
            "flow/test_schedule.py::test_every_tick_is_polled_or_counted_as_skipped",
        ),
    ),
    Promise(
        "F12",
        "A late answer is never published as the value of another question",
        (
            "sources/test_late_answers.py::test_no_late_answer_is_published_as_a_value",
            "sources/test_wrong_answers.py::test_no_wrong_value_among_many_late_answers",
            "sources/test_shared_line.py::test_values_stay_right_while_a_unit_answers_late_again_and_again",
            "sources/test_serial_line.py::test_no_wrong_value_among_many_late_answers",
        ),
        "",
    ),
    Promise(
        "F13",
        "No damaged frame becomes a value or ends the gateway",
        (
            "sources/test_link_frames.py::test_noise_never_passes_for_an_answer",
            "sources/test_link_frames.py::test_a_frame_with_any_byte_of_its_head_changed_is_found_out",
            "sources/test_wrong_answers.py::test_an_answer_that_does_not_fit_is_a_desync_and_ends_the_connection",
            "sources/test_noise.py::test_noise_is_never_a_value_and_leaves_nothing_behind",
        ),
        "memory after a million frames",
    ),
    Promise(
        "F14",
        "One device that is named twice is refused by check, with line and column",
        (
            "config/test_broken_files.py::test_a_broken_file_names_every_mistake_with_its_place_and_fix",
        ),
        "a diagnosis at run time",
    ),
    Promise(
        "F15",
        "A count never falls by itself; rollover, reset and glitch are told apart",
        (
            "jobs/evidence/counters/test_counters.py::test_totals_never_fall_whatever_the_counter_does",
            "jobs/evidence/counters/test_device_counter.py::test_rule_read_every_second",
            "jobs/evidence/counters/test_counts_are_true.py::TestCountsAreTrue",
        ),
    ),
    Promise(
        "F16",
        "What is no number never leaves as one",
        (
            "journal/test_encoding.py::test_what_is_no_number_comes_back_as_bad_and_never_as_a_value",
            "sinks/test_influx.py::test_what_is_no_number_never_becomes_one",
            "sinks/test_opcua_server.py::test_bad_value_has_no_number_but_its_reason",
        ),
        "Sparkplug, which is not there yet",
    ),
    Promise(
        "F17",
        "A clock that is wrong or jumps costs no poll; what it stamped is marked",
        (
            "flow/test_small_parts.py::test_the_present_moment_is_the_same_on_both_clocks",
            "journal/test_journal.py::test_nothing_is_removed_by_a_clock_that_is_not_known_to_be_right",
            "journal/test_journal.py::test_a_wrong_time_neither_keeps_what_is_old_nor_removes_what_is_new",
            "flow/test_trusted_times.py::test_a_time_that_cannot_be_right_waits_and_goes_out_corrected",
            "history/test_sqlite.py::test_a_floor_from_a_clock_that_ran_ahead_hides_nothing_that_comes",
            "partners/test_wrong_clock.py::test_what_its_machine_makes_is_counted_and_told_in_the_orders_time",
            "drivers/test_mqtt.py::test_tls_checks_the_certificate_and_names_the_clock",
        ),
    ),
    Promise(
        "F18",
        "The change to and from summer time leaves no gap and no overlap in a chart",
        ("api/test_documents.py::test_times_are_utc",),
        "a chart drawn in Europe/Berlin over the change",
    ),
    Promise(
        "F19",
        "A gateway that hangs is started again by the watchdog; no burst after a pause",
        (
            "test_service.py::test_the_service_manager_is_told_of_readiness_life_and_end",
            "test_service.py::test_the_watchdog_is_not_fed_while_something_hangs",
            "test_service.py::test_a_line_that_does_not_go_on_is_overdue",
            "test_service.py::test_a_writer_that_hangs_is_overdue_and_one_that_works_is_not",
            "flow/test_schedule.py::test_overtaken_polls_are_skipped_and_counted",
        ),
        "a restart by a real systemd",
    ),
    Promise(
        "F20",
        "Nothing holds the event loop for long",
        (
            "sinks/test_opcua_limits.py::test_building_and_serving_do_not_hold_the_loop_for_long",
            "system/test_loop.py::test_nothing_holds_the_loop_for_long_not_even_at_the_start",
            "system/test_apart.py::test_a_stopped_server_delays_no_poll_and_no_commit",
        ),
    ),
    Promise(
        "F21",
        "A flood of OPC UA clients takes neither memory nor the machines' polls",
        (
            "sinks/test_opcua_limits.py::test_idle_connections_of_all_addresses_make_room_for_somebody_elses",
            "sinks/test_opcua_bytes.py::test_what_builds_more_than_it_is_gets_an_answer_and_no_more",
            "sinks/test_opcua_hostile.py::test_polls_journal_and_pages_go_on_as_beside_a_bare_timer",
            "sinks/test_opcua_limits.py::test_nonsense_is_survived_and_hardly_logged",
        ),
    ),
    Promise(
        "F22",
        "A browser that reads slowly costs nobody anything",
        (
            "api/test_events.py::test_a_slow_reader_gets_the_newest_and_costs_little",
            "api/test_events.py::test_thirty_phones_are_served",
            "api/test_live.py::test_a_slow_browser_gets_the_newest_of_each_thing",
        ),
        "the share of a core for thirty phones",
    ),
    Promise(
        "F23",
        "A device that comes and goes cannot flood the log",
        (
            "flow/test_small_parts.py::test_a_flapping_peer_cannot_flood_the_log",
            "api/test_walls.py::test_nonsense_at_the_door_hardly_fills_the_log",
        ),
        "the size of a day's log at the reference load",
    ),
    Promise(
        "F24",
        "SIGTERM ends a gateway within five seconds, with everything stored",
        (
            "test_run.py::test_the_second_signal_ends_a_gateway_at_once",
            "test_service.py::test_sigterm_ends_it_in_order_whenever_it_comes",
            "test_service.py::test_a_silent_network_does_not_hold_up_the_end",
            "journal/test_disk.py::test_closing_while_the_disk_is_full_ends_in_time",
        ),
    ),
    Promise(
        "F25",
        "A wrong file is told by line, column, reason and fix, before anything starts",
        (
            "config/test_broken_files.py::test_the_corpus_is_large_enough",
            "cli/test_commands.py::test_run_stops_before_anything_starts",
            "config/test_machine_files.py::test_a_mistake_is_told_with_its_own_file_line_and_cure",
            "system/test_reload.py::test_a_wrong_file_changes_nothing_and_says_why_everywhere",
        ),
    ),
    Promise(
        "F26",
        "An older version's files are read, a newer one's are left alone",
        (
            "test_database.py::test_an_older_file_is_brought_to_the_newest_schema_with_its_content",
            "test_database.py::test_a_step_that_fails_half_way_leaves_the_old_file",
            "journal/test_damage.py::test_a_file_of_a_newer_version_is_left_alone",
        ),
        "a power cut in the middle of a step",
    ),
    Promise(
        "F27",
        "A link that flaps is tried at most once a second",
        (
            "sources/test_modbus_source.py::test_a_line_that_is_down_is_tried_again_at_once_and_then_once_a_second",
            "sources/test_noise.py::test_a_device_that_comes_and_goes_leaves_nothing_behind",
        ),
    ),
    Promise(
        "F28",
        "A name server that is silent holds nobody up; a device that moves is found again",
        (
            "sources/test_lookup.py::test_a_resolver_that_hangs_is_asked_once_and_nobody_waits_for_it",
            "sources/test_lookup.py::test_a_name_is_looked_up_again_each_time",
        ),
    ),
    Promise("F29", "A serial adapter that is pulled is found again by what it is"),
    Promise(
        "F30",
        "Memory and files stay level over hours",
        ("test_soak.py::test_visitors_leave_neither_files_nor_threads_behind",),
        "memory over hours: `make soak` watches it, not the suite",
    ),
    Promise(
        "F31",
        "Partners that were apart agree again, whatever was doubled or out of order",
        (
            "partners/test_healing.py::test_lost_doubled_and_reordered_messages_change_nothing",
            "partners/test_healing.py::test_a_pulled_uplink_ages_and_heals",
        ),
        "partitions between four firms drawn at random",
    ),
)

SECURITY = (
    Promise(
        "S01",
        "Nothing is ever written to a machine",
        (
            "sources/test_modbus_source.py::test_only_reading_function_codes_are_ever_sent",
            "sources/test_modbus_source.py::test_a_frame_that_would_write_never_leaves",
            "sinks/test_opcua_security.py::test_nobody_writes_calls_or_adds_nodes",
        ),
    ),
    Promise(
        "S02",
        "One question at a time on a line, with the pause that a device wants",
        ("sources/test_modbus_source.py::test_the_pause_between_requests_is_kept",),
        "a scan, which is not there yet",
    ),
    Promise(
        "S03",
        "OPC UA is signed, sealed and for trusted clients only",
        (
            "sinks/test_opcua_security.py::test_only_signed_and_encrypted_endpoints_are_offered",
            "sinks/test_opcua_security.py::test_unknown_client_is_refused_until_its_file_is_moved_to_trusted",
            "sinks/test_opcua_security.py::test_wrong_user_or_password_is_refused",
            "sinks/test_opcua_security.py::test_a_password_is_not_even_asked_for_without_security",
            "sinks/test_opcua_security.py::test_who_guesses_locks_out_himself_and_it_is_logged",
            "sinks/test_opcua_peer.py::test_a_secured_server_lets_the_trusted_dashboard_in",
        ),
        "revocation lists and chains",
    ),
    Promise(
        "S04",
        "An open OPC UA server is for simulated machines on this computer",
        ("sinks/test_opcua_security.py::test_open_is_for_simulated_machines_on_this_computer",),
        "the banner on pages and console",
    ),
    Promise(
        "S05",
        "OPC UA has limits for messages, connections, sessions and subscriptions",
        (
            "sinks/test_opcua_limits.py::test_idle_connections_of_all_addresses_make_room_for_somebody_elses",
            "sinks/test_opcua_security.py::test_a_session_has_twenty_subscriptions_at_most_and_none_is_too_fast",
            "sinks/test_opcua_security.py::test_chunk_of_any_length_is_not_collected",
            "sinks/test_opcua_services.py::test_sessions_whose_connection_was_lost_make_room_for_others",
            "sinks/test_opcua_subscriptions.py::test_a_session_watches_as_many_items_as_there_are_variables",
            "sinks/test_opcua_bytes.py::test_a_request_of_more_than_a_thousand_nodes_is_refused_before_they_are_read",
        ),
    ),
    Promise(
        "S06",
        "The shared broker is reached over TLS and each firm under its own name",
        (
            "drivers/test_mqtt.py::test_tls_checks_the_certificate_and_names_the_clock",
            "drivers/test_mqtt.py::test_tls_is_1_2_or_newer",
        ),
        "the generated configuration of a broker, tried from outside",
    ),
    Promise(
        "S07",
        "What was narrowed vanishes at the partner too",
        (
            "partners/test_withdrawal.py::test_withdrawn_quantities_vanish_at_the_partner_and_both_logs_agree",
            "partners/test_withdrawal.py::test_a_report_on_its_way_is_taken_back_and_never_delivered",
            "partners/test_withdrawal.py::test_what_was_withdrawn_stays_withdrawn_after_a_restart",
        ),
    ),
    Promise(
        "S08",
        "The pages are strict: headers, origins, sessions, passwords, set-up code",
        (
            "api/test_guard.py::test_every_answer_carries_the_security_headers",
            "api/test_guard.py::test_a_rebound_name_is_refused",
            "api/test_guard.py::test_a_foreign_page_cannot_change_anything",
            "api/test_access.py::test_the_code_makes_the_owner_once",
            "api/test_setup.py::test_guessing_is_slowed_down_at_the_door",
        ),
    ),
    Promise(
        "S09",
        "No page asks anybody but its own gateway",
        ("system/test_show_scenes.py::test_scene_1_five_firms_one_order",),
        "the whole suite without a route to the outside",
    ),
    Promise(
        "S10",
        "Secrets stand in no message, log or page",
        (
            "config/test_broken_files.py::test_no_message_repeats_a_secret",
            "config/test_references.py::test_a_value_from_outside_is_not_repeated_in_a_message",
            "config/test_references.py::test_secrets_hide_themselves",
        ),
        "one canary through every way out",
    ),
    Promise(
        "S11",
        "Nothing is kept that speaks about a person",
        (
            "simulators/test_simulation_file.py::test_the_bench_s_single_hand_cycles_cannot_be_read",
            "api/test_roles.py::test_the_works_council_sees_what_is_kept_and_no_value",
        ),
    ),
    Promise(
        "S12",
        "What is kept has an end, and forgetting reaches every copy",
        (
            "flow/test_history_runner.py::test_what_is_older_than_it_is_kept_is_forgotten",
            "contracts/test_stores.py::test_what_is_pruned_is_gone_and_stays_gone",
        ),
        "a command to forget; free pages of the files",
    ),
    Promise(
        "S13",
        "A log of security events that only grows, without what was said",
        (
            "api/test_audit.py::test_every_security_event_leaves_an_entry",
            "api/test_audit.py::test_entries_outlive_the_gateway_newest_last",
            "api/test_audit.py::test_the_owner_can_take_the_log_away_and_the_works_council_knows_of_it",
        ),
    ),
    Promise("S14", "Releases can be checked: sums, list of parts, signature, equal builds"),
    Promise("S15", "The service runs with as few rights as it needs"),
    Promise(
        "S16",
        "No dangerous call in the code: the linter's security rules in every check",
        (),
        "it stands in `make check` (ruff, rules S), not in a test",
    ),
)

LEAKS = (
    Promise(
        "L1",
        "Whoever listens on the shared broker can read nothing",
        (
            "partners/test_leaks.py::test_the_broker_sees_firms_that_write_and_nothing_of_what_they_write",
            "partners/test_lengths.py::test_the_broker_learns_from_no_length_who_sees_more",
            "system/test_mini_leakage.py::test_nothing_on_the_shared_broker_can_be_read",
            "system/test_mini_leakage.py::test_only_sealed_messages_between_members_are_on_the_shared_broker",
        ),
    ),
    Promise(
        "L2",
        "Nobody can take a firm's place on the broker",
        (
            "drivers/test_heard.py::test_a_name_taken_for_a_moment_is_noticed_and_taken_back",
            "partners/test_link.py::test_a_firm_whose_name_was_taken_for_a_second_is_heard_again",
            "partners/test_link.py::test_two_gateways_of_one_firm_are_named_in_both_healths",
        ),
        "who may write to the broker can keep a firm waiting; its access list must forbid that",
    ),
    Promise(
        "L3",
        "Foreign and absent look the same over HTTP",
        ("api/test_walls.py::test_absent_and_foreign_are_the_same_nothing",),
    ),
    Promise(
        "L4",
        "An error tells nothing of the inside",
        (
            "api/test_any_request.py::test_a_bug_tells_nothing_of_itself",
            "api/test_walls.py::test_what_does_not_fit_is_refused_without_a_word_too_much",
        ),
    ),
    Promise(
        "L5",
        "Nothing leaves after a withdrawal, whatever was on its way",
        (
            "partners/test_withdrawal.py::test_a_report_on_its_way_is_taken_back_and_never_delivered",
            "partners/test_withdrawal.py::test_what_is_taken_back_in_two_steps_is_gone_after_both",
        ),
    ),
    Promise(
        "L6",
        "What follows from the agreed fields is all that can be worked out",
        (
            "system/test_mini_leakage.py::test_every_report_holds_the_fields_of_its_level_and_no_other",
            "system/test_mini_leakage.py::test_numbers_leave_in_the_agreed_steps",
            "partners/test_leaks.py::test_the_order_message_tells_no_cycle_time_of_another_firm",
        ),
    ),
    Promise(
        "L7",
        "A restored, lost or damaged file shares nothing",
        (
            "partners/test_trust.py::test_with_its_ledger_lost_a_firm_shares_nothing_until_a_person_begins_anew",
            "partners/test_trust.py::test_the_older_copy_of_a_whole_folder_is_known_by_what_the_partner_shows",
            "partners/test_trust.py::test_to_a_partner_that_is_away_goes_nothing_but_the_question",
        ),
    ),
    Promise(
        "L8",
        "After a change of user nothing of the one before stays on the screen",
        ("api/test_pages_at_work.py::test_when_a_session_ends_nothing_of_it_stays_on_the_screen",),
    ),
    Promise(
        "L9",
        "No sequence of sharing, narrowing and asking shows more than was agreed",
        (
            "network/test_disclosure.py::test_states_equal_in_the_agreed_fields_give_byte_equal_reports",
        ),
        "ten thousand random steps against an oracle",
    ),
)


def page() -> str:
    """The page in docs/, from the tables above."""
    lines = [
        "# What is promised, and which test holds it",
        "",
        "Made from `tests/promises.py`:",
        "`WRITE_GOLDEN=1 .venv/bin/pytest tests/test_promises.py` writes it anew.",
        "A promise without a test is *not yet* kept. Whatever the tests of one do not show stands",
        "behind it.",
    ]
    for title, promises in (("Faults", FAULTS), ("Security", SECURITY), ("Leakage", LEAKS)):
        lines += ["", f"## {title}", "", "| | Promise | Tests | Not yet |", "|---|---|---|---|"]
        lines += [_row(promise) for promise in promises]
    return "\n".join(lines) + "\n"


def _row(promise: Promise) -> str:
    tests = "<br>".join(f"`{test}`" for test in promise.tests) or "not yet"
    return f"| {promise.id} | {promise.says} | {tests} | {promise.lacks} |"
