"""Every registered source, with settings small enough for tests."""

from fusion.models.base.registry import known

SMALL = {
    "als": {"factors": 8, "iterations": 8},
    "autoencoder": {"size": 16, "steps": 100},
    "content": {"encoder": "tfidf"},
    "content_map": {"encoder": "tfidf"},
    "ease": {"reg": 1.0},
    "item_knn": {"shrink": 1.0},
    "neural": {"size": 16, "steps": 60, "negatives": 32, "encoder": "tfidf"},
    "sequence": {"shrink": 1.0},
    "sequence_ridge": {"reg": 1.0},
}
"""Settings under which a source is quick here, and not drowned by doubt about tiny data.

Other sources use their defaults.
"""
VARIANTS = {
    "neural_mse": ("neural", {**SMALL["neural"], "loss": "mse"}),
    "neural_bounded": ("neural", {**SMALL["neural"], "id_bound": 0.5}),
}
"""Settings that make another source of one: its recommender and the settings."""
NOT_COLLABORATIVE = {"random", "popularity", "category", "content", "content_map", *VARIANTS}
"""Sources of which no checkerboard can be asked.

In it the item that is withheld from a user is one that others of their taste have. A source that
reads no tastes, or that knows only what directly followed what, cannot find it. Every other source
of the project is asked; a `SourceContract` of a package says `collaborative = True` to be.
"""


def pytest_generate_tests(metafunc):
    """Run tests that ask for a `name` once for each registered source."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", known())
