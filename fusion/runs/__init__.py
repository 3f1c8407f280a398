"""A training's context and what it leaves on disk: stages, manifests, samples."""
