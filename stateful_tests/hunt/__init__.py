"""The hunt: a search by budget on all cores, kept on disk."""
