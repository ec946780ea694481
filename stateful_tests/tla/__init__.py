"""The TLA+ twin: traces of real runs for TLC and Apalache, and how TLC is run."""
