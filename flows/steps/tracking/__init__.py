"""Runs as experiments of MLflow or TensorBoard."""
