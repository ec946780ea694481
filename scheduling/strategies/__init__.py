"""How a schedule is chosen: one strategy a file. All of them consume and produce the same sequence of choices."""
