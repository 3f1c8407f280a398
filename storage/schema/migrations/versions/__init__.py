"""One file a revision. A released file is never edited: databases out there stand on it."""
