"""The core: data, sources, candidates, ranker, verdict, lists. No orchestrator, database or report."""
