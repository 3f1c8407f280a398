"""`fusion show`: lists of users as they are served, and lists for somebody new."""
