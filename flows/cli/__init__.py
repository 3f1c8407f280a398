"""The command line, one file for each subject of verbs."""
