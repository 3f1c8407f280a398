"""Judge methods offline on a later window, and admit a run or refuse it."""
