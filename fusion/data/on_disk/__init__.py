"""Datasets as folders of files, mapped into memory by any number of processes."""
