"""Languages of pages: English as it stands in the code, and catalogues of the others."""
