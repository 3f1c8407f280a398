"""What is known besides interactions and two tables: vectors, facts, and what users wrote."""
