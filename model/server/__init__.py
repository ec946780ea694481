"""The model of level server: the changes, answers and messages that the requests in flight allow."""
