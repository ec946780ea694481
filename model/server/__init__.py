"""The request layer's model: which changes, answers and messages the requests in flight allow."""
