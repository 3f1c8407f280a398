"""Sources of somebody else, each bad in a way of its own; `Fine` is good."""

import ctypes
import os
import sys
import time

import numpy as np

from fusion import Recommender, Settings, TopK, tunable


class Boom(BaseException):
    """No `Exception`, and not even its message can be had."""

    def __init__(self, text, number):
        super().__init__(text, number)

    def __str__(self):
        raise RuntimeError

    def __reduce__(self):
        raise TypeError("cannot be pickled")


class FineSettings(Settings):
    others: float = tunable(0.1, 0, 1, description="how much everyone's share counts")


class Fine(Recommender):
    """Own share of each item and a little of everyone's: no neighbour, no matrix product."""

    Config = FineSettings
    reason_text = "it is fine"

    def fit(self, data, ctx):
        ctx.progress(1, 2)
        counts = data.item_counts.astype(np.float32)
        noise = ctx.rng.random(data.n_items).astype(np.float32)
        self.shares_ = np.where(counts > 0, counts / counts.sum() + noise * 1e-4, np.nan)
        self.shares_ = self.shares_.astype(np.float32)
        self.notes = {"events": len(data)}
        print("fitted")
        return self

    def scores(self, users):
        own = users.history.toarray()
        own /= np.maximum(own.sum(axis=1, keepdims=True), 1e-9)
        return own + np.float32(self.config.others) * self.shares_

    def history_similarity(self, users, pairs):
        return np.cos(pairs.items.astype(np.float32))

    def predict_ratings(self, users, pairs):
        return self.shares_[pairs.items]

    def state(self):
        return {"shares": self.shares_}

    @classmethod
    def restore(cls, config, state):
        model = cls(config)
        model.shares_ = state["shares"]
        return model

    def memory_bytes(self, n_users, n_items, n_events):
        return 8 * n_items


class ExitsInFit(Fine):
    def fit(self, data, ctx):
        sys.exit(0)


class LeavesInFit(Fine):
    def fit(self, data, ctx):
        os._exit(0)


class CrashesInFit(Fine):
    def fit(self, data, ctx):
        ctypes.string_at(0)


class BoomsInFit(Fine):
    def fit(self, data, ctx):
        raise Boom("boom", 1)


class HangsInFit(Fine):
    def fit(self, data, ctx):
        ctx.progress(5, 9)
        time.sleep(3600)


class FillsMemoryInFit(Fine):
    def fit(self, data, ctx):
        hoard = []
        while True:
            hoard.append(b"x" * 10_000_000)


class ReturnsNothingFromFit(Fine):
    def fit(self, data, ctx):
        return None


class NotesItsContext(Fine):
    """Says what it was fitted with; a state with `begun` is what a later fit begins from."""

    supports_warm_start = True
    slow = True

    def fit(self, data, ctx):
        super().fit(data, ctx)
        self.notes = {
            "device": ctx.device,
            "threads": ctx.threads,
            "max_steps": ctx.max_steps,
            "seconds": ctx.seconds,
            "keep": ctx.keep,
            "cache": str(ctx.cache),
            "warm": ctx.warm["shares"].tolist() if ctx.warm else [],
        }
        return self


class HangsInScoring(Fine):
    def scores(self, users):
        time.sleep(3600)


class CrashesInScoring(Fine):
    def scores(self, users):
        os.abort()


class ExitsInScoring(Fine):
    def scores(self, users):
        sys.exit(0)


class ListsOtherShapes(Fine):
    def top(self, users, k, allowed):
        return super().top(users, k + 1, allowed)


class ListsWhatIsForbidden(Fine):
    def top(self, users, k, allowed):
        items = np.tile(np.arange(k, dtype=np.int32), (len(users), 1))
        return TopK(items, np.ones(items.shape, np.float32))


class ListsTexts(Fine):
    def top(self, users, k, allowed):
        return "the best"


class ScoresTooFew(Fine):
    def score_pairs(self, users, pairs):
        return super().score_pairs(users, pairs)[:-1]


class NeedsNaN(Fine):
    def memory_bytes(self, n_users, n_items, n_events):
        return float("nan")


class ExitsInMemory(Fine):
    def memory_bytes(self, n_users, n_items, n_events):
        sys.exit(0)


class NeedsWhatNobodyHas(Fine):
    needs = frozenset({"luck"})


class DescribesNothing(Fine):
    Config = None
