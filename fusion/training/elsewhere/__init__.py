"""Stages that other processes make: what they are told, and what they do."""
