"""Reports in other forms than the terminal's: the option of several verbs, and the verb for saved records."""
