"""A world in which the chance of every like is known."""

from collections.abc import Sequence

import numpy as np

from fusion.evaluation.estimate.estimate import Served
from fusion.evaluation.estimate.places import DISCOUNTS, IDEALS, LabelledPlaces, ListedPlaces
from fusion.evaluation.estimate.states import UserStates
from fusion.evaluation.promise.window_figure import METRICS, PastWindow, WindowFigure
from fusion.lists.first_places import PLACES

WEIGHTS = np.array([-1.2, -0.35, 0.3, 0.1, -0.5])
"""Of a constant, log2(rank), z, log2(1 + likes of late), and a sparse user."""
N_MISSED = 3
"""Labels of each user that are in no list."""
LEVELS = {"precision": 0.1, "ndcg": 0.2}


def listed(rng: np.random.Generator, n_users: int, sparse: float = 0.3) -> ListedPlaces:
    """Lists with scores that fall, of users of two routes; a tenth of the lists is short."""
    z = -np.sort(-rng.normal(1.0, 1.0, (n_users, PLACES)), axis=1)
    filled = np.ones((n_users, PLACES), bool)
    filled[: n_users // 10, 7:] = False
    states = UserStates(
        users=np.arange(n_users, dtype=np.int32),
        routes=(rng.random(n_users) < sparse).astype(np.int32),
        recent=rng.poisson(2.0, n_users).astype(np.int32),
        idle=rng.exponential(1.0, n_users),
    )
    return ListedPlaces(states, z.astype(np.float32), filled)


def true_chances(places: ListedPlaces, level: float = 0.0) -> np.ndarray:
    """The chance of each place; `level` moves a whole window."""
    constant, of_rank, of_z, of_recent, of_sparse = WEIGHTS
    states = places.states
    of_user = of_recent * np.log2(1 + states.recent) + of_sparse * (states.routes == 1)
    of_place = constant + of_rank * np.log2(np.arange(PLACES) + 1) + level
    chances = 1 / (1 + np.exp(-(of_place + of_z * places.z + of_user[:, None])))
    return np.where(places.filled, chances, 0.0)


def drawn(
    rng: np.random.Generator, places: ListedPlaces, level: float = 0.0, name: str = "verdict"
) -> LabelledPlaces:
    """A window of these users, who like what they are shown as planted."""
    hits = rng.random(places.z.shape) < true_chances(places, level)
    return LabelledPlaces(name, places, hits, hits.sum(axis=1).astype(np.int32) + N_MISSED)


def worth(window: LabelledPlaces) -> dict[str, float]:
    """What a window was worth, user by user."""
    values = {"precision": [], "dcg": [], "ndcg": []}
    for hits, labels in zip(window.hits, window.labels, strict=True):
        gained = sum(DISCOUNTS[place] for place in range(PLACES) if hits[place])
        values["precision"].append(hits.sum() / PLACES)
        values["dcg"].append(gained)
        values["ndcg"].append(gained / IDEALS[min(labels, PLACES)])
    return {name: float(np.mean(column)) for name, column in values.items()}


def served(places: ListedPlaces, chances: np.ndarray | float = 1.0) -> Served:
    """Lists of which everybody is looked at."""
    n_users = len(places.states)
    return Served(places, np.broadcast_to(chances, n_users).astype(float), n_users, 7, False)


def past(
    rng: np.random.Generator, between: float, count: int = 16, users: int = 400
) -> Sequence[PastWindow]:
    """Past windows of one row, whose levels differ by a share of the level."""
    windows = []
    for _ in range(count):
        shift = between * rng.standard_normal()
        figures = {}
        for metric in METRICS:
            level = LEVELS.get(metric.split("@")[0], 0.3)
            error = level / np.sqrt(users)
            value = level * (1 + shift) + error * rng.standard_normal()
            figures[metric] = WindowFigure(float(value), error**2, users)
        windows.append(PastWindow("popularity", {"window": figures}))
    return windows
