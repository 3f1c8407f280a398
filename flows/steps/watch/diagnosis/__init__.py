"""Where is the fault: facts of a run are gathered, and its causes stored."""
