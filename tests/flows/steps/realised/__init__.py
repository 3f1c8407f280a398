"""Tests of what became of published lists."""
