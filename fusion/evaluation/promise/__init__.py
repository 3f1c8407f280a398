"""The promise of a verdict: prediction intervals for a window that has not come yet."""
