"""Tries of what settings name outside the configuration, for `fusion check`."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from flows.session import Session
from flows.steps.notify.receivers import receivers
from fusion.compute.dask_cluster import require_dask
from fusion.core.findings import Finding
from fusion.core.settings import Named, Outside, named_outside
from fusion.core.torch_runtime import device_for
from fusion.errors import ConfigError, FusionError, MissingExtra
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.text.encoder_choice import require_encoder
from fusion.runs.stages.remote import Remote
from fusion.training.sources import build_source


def check_outside(session: Session, rule_set: RuleSet) -> list[Finding]:
    """Try the folders, sentence models and the device that the settings name.

    Tables, rules, recommenders and the database are tried by checks of their own.

    Args:
        session: the configuration.
        rule_set: the rules, which may name a sentence model.

    Returns:
        A finding for each that cannot be used.
    """
    tries = [_try(session, named) for named in _all_named(session, rule_set)]
    return [finding for finding in tries if finding is not None]


def require_writable(folder: Path) -> None:
    """See that files can be written to a folder, which may have to be made first.

    Args:
        folder: absolute path.

    Raises:
        ConfigError: files may not be made there, or something else has that name.
    """
    there = folder
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        raise ConfigError(f"{folder} cannot be a folder: {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(f"{folder} cannot be written: {there} does not allow it")


def _all_named(session: Session, rule_set: RuleSet) -> Iterable[Named]:
    """Iterate over the marked settings of the configuration, its sources and the rules."""
    yield from named_outside(session.config)
    for source in session.config.sources:
        try:
            model = build_source(source)
        except FusionError:
            # `wrong_source` is the finding about it.
            continue
        yield from named_outside(model.config, f"source {source.name}: ")
    yield from named_outside(rule_set, "rules: ")


def _try(session: Session, named: Named) -> Finding | None:
    """Try one setting; None where it can be used, or where another check tries its kind."""
    attempt = _TRIES.get(named.kind)
    return attempt(session, named) if attempt else None


def _try_folder(session: Session, named: Named) -> Finding | None:
    cure = f"Allow writing there, or name another folder as {named.key}."
    # An empty one stands for a folder inside that of runs.
    if not named.value:
        return None
    try:
        require_writable((session.base / named.value).absolute())
    except ConfigError as wrong:
        return Finding("no_folder", "error", named.key, 1, str(wrong), [], cure)
    return None


def _try_encoder(session: Session, named: Named) -> Finding | None:
    cure = f"Correct {named.key}, or set it to 'auto'."
    try:
        require_encoder(named.value)
    except ConfigError as wrong:
        return Finding("no_encoder", "error", named.key, 1, str(wrong).rstrip("."), [], cure)
    return None


def _try_device(session: Session, named: Named) -> Finding | None:
    # The others fall back to the CPU, and to find out which it is takes seconds.
    if named.value != "cuda":
        return None
    try:
        device_for(named.value)
    except ConfigError as wrong:
        cure = "Set device = 'auto', or correct the driver."
        return Finding("no_device", "error", named.key, 1, str(wrong), [], cure)
    return None


def _try_store(session: Session, named: Named) -> Finding | None:
    cure = f"Correct {named.key}, or take it out: stages then stay in `path` of [artifacts] alone."
    try:
        Remote(named.value).objects.now()
    except FusionError as wrong:
        code = "missing_extra" if isinstance(wrong, MissingExtra) else "no_folder"
        return Finding(code, "error", named.key, 1, str(wrong), [], cure)
    return None


_TRIES: dict[Outside, Callable[[Session, Named], Finding | None]] = {
    "folder": _try_folder,
    "store": _try_store,
    "encoder": _try_encoder,
    "device": _try_device,
}


def check_receivers(session: Session) -> list[Finding]:
    """Say whether the URLs of `[notify]` are known; nothing is sent.

    Args:
        session: the configuration.

    Returns:
        An error, or none.
    """
    cure = "Correct [notify] urls or FUSION_NOTIFY__URLS; `fusion notify --test` tries them."
    try:
        receivers(session.config.notify)
    except ConfigError as wrong:
        return [Finding("wrong_receiver", "error", "notify.urls", 1, str(wrong), [], cure)]
    return []


def check_compute(session: Session) -> list[Finding]:
    """Say whether those who are to do the work of a training can be had; none is asked.

    Args:
        session: the configuration.

    Returns:
        An error where Dask is wanted and not installed; a warning for each setting without effect.
    """
    compute, findings = session.config.compute, []
    if compute.executor == "dask":
        try:
            require_dask()
        except MissingExtra as missing:
            cure = 'Install the extra, or set executor = "processes" in [compute].'
            findings.append(
                Finding("missing_extra", "error", "compute.executor", 1, str(missing), [], cure)
            )
    for name, why in compute.unused.items():
        cure = f"Take {name} out of [compute], or set another executor."
        message = f"{name} has no effect: {why}"
        findings.append(
            Finding("unused_setting", "warning", f"compute.{name}", 1, message, [], cure)
        )
    return findings
