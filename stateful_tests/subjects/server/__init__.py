"""Level server: the protocol, played against its model: clients, their requests, the engine and its replies."""
