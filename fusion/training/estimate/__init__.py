"""Past windows listed without knowledge of their labels, for the estimate of what is published."""
