"""Look back: train as of past dates, and judge what policies would have done."""
