"""Lists from attributes, judged by users whose whole history is hidden."""
