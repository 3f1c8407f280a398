"""Files and SQL queries as tables of text."""
