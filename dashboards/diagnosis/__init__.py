"""Where is the fault: causes of what moved with a run, ranked, by facts that exist already."""
