"""Refusals that are no rows of a table: those walked by a test of their own, and those by none."""

WALKED = {
    "flows/steps/publish/publish.py:approve_run",
    "flows/steps/publish/publish.py:require_checks",
    "flows/cli/app.py:parse_span",
    "flows/cli/app.py:prefect_flows",
    "flows/steps/user_lists.py:_live_run",
    "flows/steps/watch/compare.py:_run_with_lists",
    "flows/steps/watch/monitor.py:_require_folders#1",
    "flows/steps/run_damage.py:require_whole",
    "fusion/runs/erasure.py:_naming_damage",
    "fusion/runs/run_folder.py:folder_of#1",
    "fusion/runs/run_folder.py:folder_of#2",
    "storage/database/postgres_errors.py:translate_postgres#1",
    "storage/connect.py:require_file",
    "storage/connect.py:_require_views",
    "storage/schema/inspection.py:require_whole#2",
    "storage/runs/reopen.py:reopen_run#2",
    "flows/steps/publish/load_run.py:_require_loadable",
    "storage/slots/history.py:require_history#1",
    "storage/slots/history.py:require_history#2",
    "storage/runs/runs.py:find_run#1",
    "storage/runs/runs.py:find_run#2",
    "storage/slots/challenger.py:no_challenger",
    "storage/slots/publish.py:_rollback_target#3",
    "storage/slots/slot_moves.py:refuse_frozen",
    "flows/steps/publish/publish.py:find_ready_run",
    "dashboards/evidently/workspace.py:_application",
    "dashboards/web/server.py:_bind",
}
"""Sites whose cures are carried out in tests of their own."""
PROGRAMMERS = "for who calls or extends the code: no command and no configuration reaches it"
RACE = "another process was faster; the same command again is the cure"
AWAY = "something outside is away or busy; the same command later is the cure"
UNWALKED = {
    **dict.fromkeys(
        (
            "fusion/api.py:_known_users",
            "fusion/api.py:_stored_places",
            "fusion/core/findings.py:declare",
            "fusion/data/capabilities.py:require_known_capabilities",
            "fusion/evaluation/check.py:check._register",
            "fusion/isolation/channel.py:Channel.send",
            "fusion/isolation/channel.py:Channel.receive",
            "fusion/models/base/registry.py:check_source",
            "fusion/models/foreign/resolve.py:plain_settings",
            "fusion/models/nn/two_tower_warm_start.py:begin",
            "fusion/models/text/vector_cache.py:_check_shapes",
            "storage/loading/bulk.py:load_fallback",
            "storage/loading/bulk.py:load_metrics",
            "storage/loading/copying.py:copy",
            "storage/loading/copying.py:insert_tuples",
            "storage/loading/frame_schemas.py:conform",
            "storage/loading/frame_schemas.py:require_columns",
            "storage/loading/frame_schemas.py:_refuse",
            "storage/loading/new_partition.py:_create",
            "storage/loading/new_partition.py:_add_key",
            "storage/runs/partitions.py:_refuse_shown",
            "storage/runs/runs.py:start_run",
            "storage/runs/runs.py:finish_run",
            "storage/schema/types.py:UtcTime.process_bind_param",
            "dashboards/evidently/report.py:check_verdict",
            "dashboards/measures/list_changes.py:first_places",
        ),
        PROGRAMMERS,
    ),
    **dict.fromkeys(
        (
            "flows/steps/keep/forgotten.py:require_same",
            "storage/runs/runs.py:require_training",
            "storage/runs/reopen.py:reopen_run#1",
            "storage/slots/challenger.py:approve",
            "storage/slots/slot_moves.py:refuse_unready",
            "storage/slots/slot_moves.py:refuse_overtaken",
        ),
        RACE,
    ),
    **dict.fromkeys(
        (
            "flows/cli/app.py:_go_on_without",
            "flows/steps/keep/erase.py:_refuse_training",
            "storage/database/errors.py:_translate_sqlite#1",
            "storage/database/errors.py:_translate_sqlite#2",
            "storage/database/pool.py:WaitingPool.connect",
            "storage/database/postgres_errors.py:translate_postgres#3",
            "storage/database/postgres_errors.py:translate_postgres#4",
        ),
        AWAY,
    ),
    **dict.fromkeys(
        ("storage/database/engine.py:_check_postgres",),
        "a package, a model or a server has to be installed",
    ),
    **dict.fromkeys(
        (
            "fusion/models/text/encoders.py:require_encoder",
            "fusion/ranking/extra_parameters.py:_require_known",
            "fusion/ranking/extra_parameters.py:_require_free",
            "fusion/ranking/extra_parameters.py:_fit_a_little",
            "fusion/models/text/sentence_model.py:find_model",
            "flows/steps/watch/outside.py:require_writable",
            "fusion/ingest/own_checks/conditions.py:_moment",
            "fusion/ingest/own_checks/expression_types.py:type_expression",
            "fusion/ingest/own_checks/expression_types.py:_refuse_two_readings",
            "fusion/ingest/own_checks/own_checks.py:_prepare",
            "storage/connect.py:require_makeable",
        ),
        "the text of a finding, whose cures test_findings carries out",
    ),
    "dashboards/evidently/report.py:read_drift": "the dashboards log it and show all other runs; "
    "test_pages carries the cure out",
    **dict.fromkeys(
        (
            "fusion/models/foreign/answers.py:check_answers",
            "fusion/models/foreign/answers.py:check_lists",
            "fusion/training/sources.py:fit_memory",
        ),
        "the reason in the row of a source that is left out; whose package it is mends it",
    ),
    "fusion/models/foreign/processes.py:SourceProcess.describe": "handed on from registry.py:make",
    "flows/steps/train/train.py:make_writable": "the tests may run as root, who may write anywhere",
    "fusion/models/linear/closed_form.py:factorise": "no data at hand makes such a matrix",
    "fusion/runs/manifest_file.py:from_summed_text": "read_manifest makes a sentence of it",
    "fusion/runs/manifest_file.py:read_manifest": "test_prune puts the manifest back, and prunes",
    "fusion/ranking/sampling.py:_choose_rows": "no source at hand misses every held-out item",
    "fusion/lists/batch.py:write_lists": "arises after all training; test_rules.py has it",
    **dict.fromkeys(
        (
            "storage/database/errors.py:_translate_sqlite#4",
            "storage/database/errors.py:_translate_sqlite#5",
            "storage/database/postgres_errors.py:translate_postgres#2",
            "flows/steps/run_summaries.py:require_verdict",
            "fusion/runs/manifest.py:Manifest.of",
        ),
        "a backup is the cure; test_damage has the refusal",
    ),
    "flows/steps/publish/load_run.py:register_from_folder": "test_load_run names its cures",
    "storage/reading/frames.py:_concatenated": "needs more rows than a chunk of a query",
    "flows/steps/watch/monitor_frames.py:read_pairs": "nothing brings back what aged out",
    "flows/steps/watch/monitor.py:_require_folders#2": "nothing brings back a run that was pruned",
    **dict.fromkeys(
        (
            "storage/slots/publish.py:_rollback_target#1",
            "storage/slots/publish.py:_rollback_target#2",
        ),
        "there is nothing to go back to, and no cure",
    ),
}
"""Sites whose cures no test carries out, with the reason; without a number, all of a function."""
OURS = "a fault of ours, which no user can mend"
CHECKS_UNWALKED = {
    "beats random": "only more data cures it; test_admission has it with users enough",
    "keeps up with live": "test_admission trains with another gate.max_loss",
    "features keep their meaning": "test_feature_shift trains with another limit",
    "serving ranker is not broken": "test_serving breaks the fit; a healthy fit is admitted",
    "serving sources list what they listed": "only a mended source or a new training cures it",
    "nothing became unavailable": "test_publish_checks blocks the items, and publishes",
    **dict.fromkeys(
        (
            "nothing unavailable",
            "nothing the user has met",
            "nothing blocked",
            "nothing an allow list leaves out",
        ),
        OURS,
    ),
}
"""Checks of the gate whose cures no test here carries out, with the reason."""
