"""Subjects in processes of their own, in any language: the protocol of docs/exec-protocol.md, its driver and its judge."""
