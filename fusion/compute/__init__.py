"""Work as tasks: done by threads of this process, by other processes, or by workers of Dask."""
