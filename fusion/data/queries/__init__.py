"""What users wrote: searches and reviews, by their own moments."""
