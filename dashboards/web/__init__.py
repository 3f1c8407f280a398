"""Pages on a port of this machine: read-only, and for pages of its own origin alone."""
