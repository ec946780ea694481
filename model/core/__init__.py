"""The model that all subscription managers share: connections, topics and subscriptions."""
