"""The trend of the gates or hunts of one subject: what each says, how the last is worse, and the table for a terminal."""
