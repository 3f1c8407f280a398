"""Sources of packages, asked in a process of their own."""
