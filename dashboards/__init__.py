"""What a person looks at: drift, stability, reports over runs, alerts."""
