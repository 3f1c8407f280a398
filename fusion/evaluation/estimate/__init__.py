"""The estimate of published lists: what they are worth to users who come back."""
