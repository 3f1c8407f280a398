"""Values that options of verbs take."""
