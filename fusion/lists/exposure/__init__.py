"""Shares of exposure that rules ask for, kept by a price on each item group."""
