"""One file a revision. A file that was released is never edited: databases out there stand on it."""
