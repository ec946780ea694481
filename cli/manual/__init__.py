"""The manual: the pages of `docs/`, which the package holds, and completion in shells."""
