"""Exposure of item groups in published lists, beside the interest that events show in them."""
