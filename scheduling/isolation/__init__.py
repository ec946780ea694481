"""The process in which subjects run: what they may not do to it, and what is put right after them."""
