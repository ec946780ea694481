"""Level server: plays clients, their requests and the engine on a request layer, and judges it by the server's model."""
