"""What Evidently draws and serves: the drift report, the workspace over runs."""
