"""Work in a process of its own: whatever it does, its caller goes on and knows what happened."""
