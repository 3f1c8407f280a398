"""Tables, views, row objects and migrations."""
