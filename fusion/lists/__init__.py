"""Build every user's final list: top k, business rules, fallback, explanations."""
