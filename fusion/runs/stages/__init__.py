"""Stages: results that are made of declared inputs alone, kept under their key, and verified."""
