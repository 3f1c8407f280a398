"""Business rules: read, resolved to rows, applied to lists."""
