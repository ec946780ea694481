"""The model that any subscription manager shares: clients, topics, and who is subscribed to what."""
