"""What a year came to, as tables."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import mean, median

from benchmarks.night.fast_motion.faults import FAULTS
from benchmarks.night.fast_motion.flatness import FLAT_FROM, flatness
from benchmarks.night.fast_motion.log import Line
from benchmarks.night.fast_motion.records import found
from benchmarks.night.fast_motion.sizes import KEPT

MIB = 2**20
LATER = 2
"""Nights after a fault in which its record still counts as its own."""
NONE = "**no record**"
SHOWN = 110
"""Characters of a record in the table."""
Value = Callable[[Line], float]


def report(lines: Sequence[Line]) -> str:
    """Return everything that the year came to.

    Args:
        lines: of the nights that are over.
    """
    if not lines:
        return "No night is over yet."
    parts = [served(lines), by_month(lines), flat(lines), kept(lines), faults(lines), calm(lines)]
    return "\n\n".join(parts)


def series(lines: Sequence[Line]) -> dict[str, Value]:
    """Return what is to be flat: how a night's value is read, by its name.

    Args:
        lines: of the nights, of which the last says what there is.
    """
    values: dict[str, Value] = {"seconds a night": lambda line: line.seconds}
    for place in lines[-1].disk:
        if place not in ("kept in SQL", "other files"):
            values[f"MiB of {place}"] = _disk(place)
    rows = {
        "recommendation": "rows of lists",
        "explained_user": "rows of reasons",
        "stages": "stages",
        "run folders": "run folders",
    }
    for table, name in rows.items():
        values[name] = _rows(table)
    values["MiB of the process"] = lambda line: line.process["memory"]
    values["open files"] = lambda line: line.process["open files"]
    return values


def served(lines: Sequence[Line]) -> str:
    """Return whether live lists were served all the while.

    Args:
        lines: of the nights.
    """
    reads = {name: sum(line.reads[name] for line in lines) for name in ("whole", "away")}
    wrong = [wrong for line in lines for wrong in (*line.reads["wrong"], line.served) if wrong]
    away = sum(line.fault is None and line.reads["away"] > 0 for line in lines)
    sentences = [
        f"{len(lines)} nights, {sum(line.trained for line in lines)} with a run that was shown. "
        f"Reads of live lists meanwhile: {reads['whole']:,} whole, {reads['away']:,} without a "
        f"database ({away} nights of these without a fault), {len(wrong)} wrong.",
        *wrong[:5],
    ]
    return "\n".join(sentences)


def by_month(lines: Sequence[Line]) -> str:
    """Return means by month; of seconds the median of nights without a fault.

    Args:
        lines: of the nights.
    """
    values = series(lines)
    months: dict[str, list[Line]] = {}
    for line in lines:
        months.setdefault(line.day[:7], []).append(line)
    rows = []
    for month, nights in months.items():
        cells = [month, str(len(nights))]
        for name, value in values.items():
            if name.startswith("seconds"):
                of_calm = [value(line) for line in nights if line.fault is None]
                cells.append(f"{median(of_calm):.1f}" if of_calm else "")
            else:
                cells.append(_number(mean(map(value, nights))))
        rows.append(cells)
    return table(["month", "nights", *values], rows)


def flat(lines: Sequence[Line]) -> str:
    """Return how far each series was flat from some night on.

    Args:
        lines: of the nights.
    """
    rows = []
    for name, value in series(lines).items():
        is_told = [line for line in lines if line.fault is None or not name.startswith("seconds")]
        late = [(line.night, value(line)) for line in is_told if line.night >= FLAT_FROM]
        told = flatness(late)
        if told is None:
            return f"Whether it is flat from night {FLAT_FROM} on is told from some weeks later on."
        rows.append(
            [
                name,
                _number(told.first),
                _number(told.last),
                f"{told.last / told.first:.3f}",
                f"{told.slope:+.1%} ({told.low:+.1%} to {told.high:+.1%})",
            ]
        )
    heads = [
        f"from night {FLAT_FROM} on",
        "first 60 nights",
        "last 60 nights",
        "ratio",
        "slope in 100 nights, 95 % of weeks resampled",
    ]
    return table(heads, rows)


def kept(lines: Sequence[Line]) -> str:
    """Return how fast what is kept for good grows.

    Args:
        lines: of the nights.
    """
    last = lines[-1]
    first = lines[min(FLAT_FROM, len(lines) // 2)]
    nights = max(1, last.night - first.night)
    rows = [
        [name, f"{last.rows[name]:,}", f"{(last.rows[name] - first.rows[name]) / nights:.2f}"]
        for name in KEPT
    ]
    if "kept in SQL" in last.disk:
        size = last.disk["kept in SQL"]
        grown = (size - first.disk["kept in SQL"]) / nights
        rows.append(["bytes of these", f"{size:,}", f"{grown:,.0f}"])
    return table(["kept for good", "in the end", f"a night since {first.day}"], rows)


def faults(lines: Sequence[Line]) -> str:
    """Return every fault with how it ended and with its record.

    Args:
        lines: of the nights.
    """
    rows = []
    for place, line in enumerate(lines):
        if line.fault is None:
            continue
        codes = ", ".join(f"{step['verb']} {step['code']}" for step in line.steps)
        sign = FAULTS[line.fault].sign
        record = NONE
        for later, night in enumerate(lines[place : place + LATER + 1]):
            shown = found(night.records, sign)
            if shown:
                record = ("", "a night later: ", "two nights later: ")[later] + _cut(shown[0])
                break
        rows.append([line.day, line.fault, codes, "yes" if line.trained else "no", record])
    n_recorded = sum(row[-1] != NONE for row in rows)
    heads = ["night", "fault", "exit codes", "a new run is shown", "its record"]
    return f"{len(rows)} faults, {n_recorded} with a record.\n\n{table(heads, rows)}"


def calm(lines: Sequence[Line]) -> str:
    """Return what the nights without a fault would have told somebody.

    Args:
        lines: of the nights.
    """
    calm_nights = [line for line in lines if line.fault is None]
    codes = Counter(f"{step['verb']} {step['code']}" for line in calm_nights for step in line.steps)
    alerts = Counter(
        record.split()[1]
        for line in calm_nights
        for record in line.records
        if record.startswith("alert ")
    )
    return (
        f"Nights without a fault: {len(calm_nights)}. Exit codes: {_counted(codes)}. "
        f"New alerts: {_counted(alerts) or 'none'}."
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown.

    Args:
        heads: of the columns.
        rows: cells as texts.
    """
    body = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in body)


def _cut(record: str) -> str:
    return record if len(record) <= SHOWN else f"{record[:SHOWN]}..."


def _disk(place: str) -> Value:
    return lambda line: line.disk[place] / MIB


def _rows(table: str) -> Value:
    return lambda line: line.rows[table]


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counter.items()))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"
