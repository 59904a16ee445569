//! What every engine must do, told through the ports alone.

pub(crate) mod append;
pub(crate) mod dispatch;
pub(crate) mod fixtures;
pub(crate) mod ledger;
pub(crate) mod subscriptions;
pub(crate) mod vault;

/// Runs the suite against an engine: a function that opens a log in an empty folder and answers what
/// keeps it open, and the log.
macro_rules! against {
    ($engine:ident) => {
        mod $engine {
            $crate::contract_suite::tests_of!($engine;
                append: positions_are_dense_and_streams_in_order,
                append: a_stale_append_changes_nothing,
                append: a_claimed_name_has_one_holder,
                append: required_and_forbidden_names,
                append: names_are_released_with_their_stream,
                append: an_idempotency_key_works_once,
                append: a_key_is_kept_without_events,
                append: writers_at_once_lose_and_double_nothing,
                dispatch: a_command_delivered_twice_takes_effect_once,
                dispatch: a_command_that_changed_nothing_is_not_tried_again_later,
                dispatch: a_stale_expectation_is_refused,
                dispatch: refusals_of_reservations_name_the_holder,
                dispatch: decisions_race_and_one_wins,
                subscriptions: every_event_is_handled_once_and_in_stream_order,
                subscriptions: a_parked_event_holds_back_only_its_stream,
                subscriptions: a_crash_repeats_and_never_loses,
                subscriptions: a_checkpoint_moves_only_from_where_it_stands,
                subscriptions: what_handlers_append_is_handled_too,
                subscriptions: an_effect_is_claimed_once,
                subscriptions: parked_events_are_tried_again_when_somebody_asks,
                subscriptions: what_waits_holds_back_only_its_stream_and_is_never_parked,
                ledger: a_budget_is_never_passed_by_writers_at_once,
                ledger: what_was_booked_is_corrected_by_what_was_spent,
                vault: nothing_personal_is_stored_in_the_clear,
                vault: erasing_a_person_leaves_the_rest_readable,
                vault: ciphertext_that_was_moved_does_not_open,
                vault: blind_indexes_find_and_forget,
                vault: a_cut_short_erasure_is_completed,
            );
        }
    };
}
macro_rules! tests_of {
    ($engine:ident; $($module:ident: $name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let folder = tempfile::tempdir().expect("a folder");
            let (_held, log) = super::$engine(folder.path()).await;
            $crate::contract_suite::$module::$name(log, folder.path()).await;
        }
    )*};
}
pub(crate) use {against, tests_of};
