"""Sources of installed packages, each asked in a process of its own."""
