"""The mutation score of a check: faults are planted in the code of a subject, one at a time, and each is judged."""
