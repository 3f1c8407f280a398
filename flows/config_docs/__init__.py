"""The documentation of the configuration, written from its models.

`python -m flows.config_docs` writes `docs/configuration.md` and `config/fusion.toml`; a test fails
when they differ from what it would write.
"""
