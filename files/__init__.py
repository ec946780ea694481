"""Files that stay whole: written at once, read up to a size, or added to line by line and held by one process."""
