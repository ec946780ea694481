"""The kinds of subject: for each a rule machine, a player of programs, and the words of its reports."""
