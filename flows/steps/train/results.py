"""Everything that a training writes, once it has computed everything: run folder and SQL."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.failures import describe_failure
from flows.session import Session
from flows.steps.patience import patiently
from flows.steps.train.inputs import TrainingInputs
from flows.steps.train.metric_rows import metric_rows
from flows.steps.train.row_export import (
    explanation_rows,
    fallback_rows,
    list_blocks,
    served_rows,
)
from flows.steps.train.table_sums import small_sums
from fusion.core.clocks import utc_now
from fusion.core.findings import Finding
from fusion.errors import stored_text
from fusion.ingest.own_checks.quarantine import write_quarantine
from fusion.on_request.choose_questions import choose_questions
from fusion.on_request.count_co_likes import count_co_likes
from fusion.runs.context import RunContext
from fusion.runs.manifest import Manifest, moment
from fusion.runs.manifest_file import write_manifest
from fusion.runs.recent_history import write_history
from fusion.runs.run_folder import ListsFolder, RunFolder, folder_of, run_folder
from fusion.runs.write_run import write_catalogue, write_run_files
from fusion.training.pipeline import Trained
from fusion.training.run_manifest import training_manifest
from storage.loading.bulk import (
    load_explanations,
    load_fallback,
    load_lists,
    load_metrics,
    load_served,
)
from storage.reading.list_sums import TableJson, TableSum
from storage.runs.erasure import SUMS
from storage.runs.reopen import resume_run
from storage.runs.runs import Ending, finish_run


@dataclass(frozen=True)
class Training:
    """A training that has begun: what it reads, and where its results go.

    Attributes:
        session: the configuration and the database.
        run_no: the number of the run in SQL.
        run_id: its outside id, the name of its folder.
        inputs: all that was read.
        context: configuration, data and folds as `fusion` takes them.
    """

    session: Session
    run_no: int
    run_id: str
    inputs: TrainingInputs
    context: RunContext


def write_folder(training: Training, trained: Trained) -> dict[str, Any]:
    """Write the run folder: ids, lists, ranker, samples, rows put aside, manifest.

    The folder takes its name when it is whole. The folder of runs must be locked meanwhile: files
    of stages are copied, and no prune may take them away.

    Args:
        training: that has begun.
        trained: what was computed.

    Returns:
        The manifest as JSON.
    """
    context = training.context
    with run_folder(training.session.runs, training.run_id) as folder:
        write_run_files(
            RunFolder(folder),
            context.data,
            context.plan,
            ListsFolder(trained.lists),
            trained.serving_ranker,
            context.config,
        )
        is_open = trained.rules.open_items() if trained.rules else None
        write_catalogue(RunFolder(folder), context.data, is_open)
        questions = choose_questions(context.data, context.config.seed)
        questions.write(RunFolder(folder).questions)
        co_likes = count_co_likes(context.data, context.config.seed)
        co_likes.write(RunFolder(folder).co_likes)
        most = training.session.config.lists.history
        if most:
            write_history(RunFolder(folder), context.data, most)
        write_quarantine(RunFolder(folder).quarantine, training.inputs.loaded.quarantined)
        manifest = write_manifest(folder, _manifest(training, trained))
    return manifest.as_json()


def _manifest(training: Training, trained: Trained) -> Manifest:
    """Add what the core does not know to a training's manifest: placement, times, loading."""
    # Without secrets: sections that may hold a password are no part of the core's configuration.
    manifest = training_manifest(training.context, trained)
    data, loaded = training.inputs.data, training.inputs.loaded
    timer = training.session.timer
    findings = [_without_examples(finding) for finding in loaded.findings]
    loading = {"rows": loaded.notes, "findings": findings, "key_mark": loaded.key_mark}
    return manifest.model_copy(
        update={
            "created_at": utc_now().isoformat(),
            "placement": training.session.placement,
            "as_of": moment(data.as_of).isoformat() if data.has_times else None,
            "data": manifest.data.model_copy(update=loading),
            "seconds": timer.seconds,
            "steps": [asdict(cost) for cost in timer.costs],
        }
    )


def _without_examples(finding: Finding) -> dict[str, Any]:
    """Return a finding without its example rows.

    They may name people, whose outside ids stand in `ids/` and `quarantine/` only.
    """
    fields = asdict(finding)
    del fields["examples"]
    return fields


def write_sql(training: Training, trained: Trained, manifest: dict[str, Any]) -> Ending:
    """Load lists and metrics into SQL and end the run.

    Args:
        training: whose folder is written.
        trained: what was computed.
        manifest: from `write_folder`; the seconds of loading are added to it.

    Returns:
        `ready` for a run that may be published, `rejected` for one that its checks refuse.

    Raises:
        Unavailable: the database stays away; the folder is whole, and can be loaded later.
    """
    status: Ending = "ready" if trained.admitted else "rejected"

    def _write(again: bool) -> None:
        resumed = resume_run(training.session.engine, training.run_no) if again else "training"
        # An earlier try had ended the run where its answer alone was lost.
        if resumed != status:
            _write_rows(training, trained, manifest, status)

    patiently(training.session, "loading", _write)
    return status


def _write_rows(
    training: Training, trained: Trained, manifest: dict[str, Any], status: Ending
) -> None:
    """Load everything and end the run."""
    session, run_no = training.session, training.run_no
    folder = folder_of(session.runs, training.run_id)
    sums = session.timer("load lists into SQL", lambda: load_folder(session, run_no, folder))
    verdict = trained.verdict.report.model_dump(mode="json")
    # The file was written before this step: SQL has the times of all of them, and what it loaded.
    manifest["seconds"] = session.timer.seconds
    manifest["steps"] = [asdict(cost) for cost in session.timer.costs]
    manifest[SUMS] = sums
    measured = (manifest[name] for name in ("exposure", "estimate", "cold_users"))
    rows = metric_rows(verdict, trained.shift, *measured)
    load_metrics(session.engine, run_no, rows)
    finish_run(
        session.engine,
        run_no,
        status,
        method=trained.method,
        list_size=session.config.lists.size,
        verdict=verdict,
        manifest=manifest,
    )


def load_folder(session: Session, run_no: int, folder: Path) -> dict[str, TableJson]:
    """Load the lists of a run folder into SQL.

    Args:
        session: the database and the length of lists.
        run_no: of the run.
        folder: of the run.

    Returns:
        Rows and checksums of what was loaded, by table.
    """
    lists = TableSum("recommendation")
    load_lists(session.engine, run_no, lists.passing(list_blocks(folder)))
    load_served(session.engine, run_no, served_rows(folder))
    load_fallback(session.engine, run_no, fallback_rows(folder))
    reasons = explanation_rows(folder, session.config.lists.size)
    load_explanations(session.engine, run_no, reasons)
    return {"recommendation": lists.as_json(), **small_sums(folder)}


def write_failure(session: Session, run_no: int, failure: BaseException) -> None:
    """End a run as failed, with the failure as its manifest.

    Args:
        session: the database.
        run_no: of the run.
        failure: that ended its training.
    """
    # There is no folder to describe: the error is all that is known of the run.
    # The code tells the retraining policy whether the same training may succeed at once.
    code, _ = describe_failure(failure)
    manifest = {"error": stored_text(failure), "exit_code": code}
    finish_run(
        session.engine,
        run_no,
        "failed",
        method=None,
        list_size=None,
        verdict={},
        manifest=manifest,
    )
