"""Folds and seeds pooled into one table, with paired intervals from one bootstrap over users.

    python -m benchmarks.quality.pooling BEFORE.json AFTER.json [BEFORE.json AFTER.json ...]

Pairs what `quality --json` wrote of two versions of the code, list by list: the same users of the
same folds and seeds.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fusion.metrics.bootstrap import Interval, resampled_means

FIRST = "published"


def pooled(
    folds: Sequence[Mapping[str, np.ndarray]],
    users: Sequence[np.ndarray],
    seed: int,
    first: str = FIRST,
) -> dict:
    """Means of each row over all folds' values; the first row's gap and ratio to every other.

    `folds`: row name -> values (n,) of the fold's `users` (n,), int64. A user of several folds is
    drawn with all of them; another seed's users are given other numbers by the caller, and count as
    others. Rows that some fold lacks are left out. A row's `gap` is `first` minus row, its `ratio`
    `first` over row; both are paired.
    """
    names = [name for name in folds[0] if all(name in fold for fold in folds)]
    ids = np.unique(np.concatenate(users))
    sums, counts = np.zeros((len(ids), len(names))), np.zeros(len(ids))
    for fold, mine in zip(folds, users, strict=True):
        at = np.searchsorted(ids, mine)
        sums[at] += np.column_stack([fold[name] for name in names])
        counts[at] += 1
    draws = resampled_means(np.column_stack([sums, counts]), seed)
    means, totals = draws[:, :-1] / draws[:, -1:], sums.sum(axis=0) / counts.sum()
    rows = {name: Interval.of(totals[n], means[:, n]).as_dict() for n, name in enumerate(names)}
    if first in names:
        at = names.index(first)
        for n, name in enumerate(names):
            if n != at:
                gaps = means[:, at] - means[:, n]
                rows[name]["gap"] = Interval.of(totals[at] - totals[n], gaps).as_dict()
                rows[name]["ratio"] = _ratio(totals[at], totals[n], means[:, at], means[:, n])
    return {"rows": rows, "values": int(counts.sum()), "users": len(ids)}


def _ratio(
    one: float, other: float, ones: np.ndarray, others: np.ndarray
) -> dict[str, float] | None:
    """Nothing where the other row found nothing, in all or in one of the resamples."""
    if other <= 0 or (others <= 0).any():
        return None
    return Interval.of(one / other, ones / others).as_dict()


def table(found: dict, seconds: Mapping[str, float]) -> str:
    """The pooled rows as text, best first. `seconds`: mean of a fold, where known."""
    head = ["row", "NDCG@10", "95 % interval", "published minus it", "published over it", "seconds"]
    lines = [head]
    for name, row in sorted(found["rows"].items(), key=lambda one: -one[1]["value"]):
        gap, ratio = row.get("gap"), row.get("ratio")
        lines.append(
            [
                name,
                f"{row['value']:.4f}",
                f"{row['low']:.4f} – {row['high']:.4f}",
                f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]" if gap else "",
                f"{ratio['value']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}]" if ratio else "",
                f"{seconds[name]:.0f}" if name in seconds else "",
            ]
        )
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    right = [1, len(head) - 1]
    padded = [
        [
            text.rjust(widths[n]) if n in right else text.ljust(widths[n])
            for n, text in enumerate(line)
        ]
        for line in lines
    ]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def paired(before: dict, after: dict) -> tuple[dict, dict[str, float]]:
    """Pool two files of `quality --json`; gives `pooled`'s table and seconds of a fold by row.

    Raises:
        SystemExit: the files are not of the same folds and users.
    """
    folds, users, seconds = [], [], {"before": 0.0, FIRST: 0.0}
    for old, new in zip(before["folds"], after["folds"], strict=True):
        if old["ids"] != new["ids"]:
            raise SystemExit(f"seed {new['seed']} fold {new['fold']}: other users were judged")
        folds.append({"before": np.array(old["values"]), FIRST: np.array(new["values"])})
        users.append(np.array(new["ids"], np.int64))
        for name, fold in (("before", old), (FIRST, new)):
            seconds[name] += fold["notes"][FIRST]["seconds"] / len(after["folds"])
    return pooled(folds, users, 7), seconds


def main() -> None:
    """Print a table for each pair of files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, help="BEFORE.json AFTER.json, in pairs")
    files = parser.parse_args().files
    for old, new in zip(files[::2], files[1::2], strict=True):
        print(f"{old.stem} -> {new.stem}")
        print(table(*paired(json.loads(old.read_text()), json.loads(new.read_text()))), flush=True)


if __name__ == "__main__":
    main()
