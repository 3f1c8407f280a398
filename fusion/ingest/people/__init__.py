"""People in the data: users to leave out, and pseudonyms in place of ids."""
