"""Other maps from attributes to likes, to hold the ridge against: boosted trees, and a network."""

from typing import Self

import lightgbm
import numpy as np
import polars as pl
import torch
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from fusion.core.arrays import Rows
from fusion.data.dataset import Dataset
from fusion.lists.cold_users.attributes import UserAttributes
from fusion.lists.cold_users.taste_map import Matrix, TasteMap

FACTORS = 16
"""Factors of likes that trees foretell, one booster each."""
TREES = {"num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 20, "verbose": -1, "seed": 7}
ROUNDS = 60
HIDDEN = 64
EPOCHS = 60
BATCH = 256


class _Learned(TasteMap):
    """A map that foretells shares of users who like each item, whatever the strength of a ridge."""

    foretold: Matrix

    def deviations(self, users: Rows, reg: float) -> Matrix:
        """Return what was foretold (B, M), less everyone's shares."""
        return self.foretold[users]


def _likes(known: Dataset, users: Rows, items: Rows) -> csr_array:
    matrix = known.take(known.liked).matrix()[users][:, items]
    matrix.data[:] = 1
    return csr_array(matrix.astype(np.float64))


def _fitted(known: Dataset, attributes: UserAttributes) -> Rows:
    return np.flatnonzero((known.user_counts > 0) & attributes.has_any).astype(np.int32)


class TreeMap(_Learned):
    """Boosted trees from attributes to the factors of likes."""

    @classmethod
    def fit(cls, known: Dataset, attributes: UserAttributes) -> Self:
        """Fit one booster for each factor of the centred likes."""
        plain = TasteMap.fit(known, attributes)
        made = cls(**{name: getattr(plain, name) for name in TasteMap.__dataclass_fields__})
        users = _fitted(known, attributes)
        likes = _likes(known, users, plain.items).toarray() - plain.shares
        left, sizes, right = svds(likes, k=FACTORS, random_state=7)
        table = known.user_table.select(
            pl.col(pl.String).rank("dense").cast(pl.Float64), pl.col(pl.Float64).name.keep()
        )
        columns = table.to_numpy()
        categories = [
            at for at, name in enumerate(table.columns) if known.user_table[name].dtype == pl.String
        ]
        options = {**TREES, "objective": "regression", "num_threads": 1, "deterministic": True}
        foretold = np.zeros((known.n_users, FACTORS))
        for factor in range(FACTORS):
            data = lightgbm.Dataset(
                columns[users], left[:, factor] * sizes[factor], categorical_feature=categories
            )
            booster = lightgbm.train(options, data, ROUNDS)
            foretold[:, factor] = booster.predict(columns)
        object.__setattr__(made, "foretold", foretold @ right)
        return made


class NetMap(_Learned):
    """A conditional autoencoder without its encoder: attributes to a distribution over items.

    A new user has no likes to encode, so what is left of a conditional variational autoencoder is
    its decoder at the mean of the prior, trained by the multinomial likelihood of likes (Liang et
    al., Variational Autoencoders for Collaborative Filtering, WWW 2018).
    """

    @classmethod
    def fit(cls, known: Dataset, attributes: UserAttributes) -> Self:
        """Fit the network on all users at hand."""
        plain = TasteMap.fit(known, attributes)
        made = cls(**{name: getattr(plain, name) for name in TasteMap.__dataclass_fields__})
        users = _fitted(known, attributes)
        likes = _likes(known, users, plain.items)
        torch.manual_seed(7)
        columns = torch.from_numpy(attributes.values.toarray())
        net = torch.nn.Sequential(
            torch.nn.Linear(columns.shape[1], HIDDEN),
            torch.nn.Tanh(),
            torch.nn.Dropout(0.3),
            torch.nn.Linear(HIDDEN, len(plain.items)),
        )
        with torch.no_grad():
            net[3].bias.copy_(torch.from_numpy(np.log(plain.shares)))
            net[3].weight.mul_(0.1)
        steps = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)
        rng = np.random.default_rng(7)
        for _ in range(EPOCHS):
            for batch in np.array_split(rng.permutation(len(users)), max(1, len(users) // BATCH)):
                wanted = torch.from_numpy(likes[batch].toarray().astype(np.float32))
                logs = torch.log_softmax(net(columns[users[batch]]), dim=1)
                loss = -(wanted * logs).sum(dim=1).mean()
                steps.zero_grad()
                loss.backward()
                steps.step()
        net.eval()
        with torch.no_grad():
            chances = torch.softmax(net(columns), dim=1).numpy().astype(np.float64)
        object.__setattr__(made, "foretold", chances * plain.shares.sum() - plain.shares)
        return made
