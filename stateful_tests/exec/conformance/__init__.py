"""Whether a program speaks the protocol of docs/exec-protocol.md."""
