"""Tests of published lists judged by what happened after them."""
