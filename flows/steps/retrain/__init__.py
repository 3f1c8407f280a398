"""Ask the policy whether a training is due, and run the loop."""
