"""Features of candidates, each declared once."""
