"""Generators: fit on rows, sample others; one algorithm a file, one shape (`base`)."""
