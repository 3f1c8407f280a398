"""Interactions and side tables as watching reads them: in batches, with hashes for ids."""
