#!/usr/bin/env python3
"""As steady.py, with a race: subscribe checks that the connection is live, waits, and then links.

A disconnect between the two leaves a phantom: a subscriber that is gone, and that no later disconnect removes.
"""

import steady


class Manager(steady.Manager):
    """Check, then act."""

    def subscribe(self, connection, topic):
        if connection not in self.live:
            return False
        yield "asks the policy"
        self.link(connection, topic)
        return True


if __name__ == "__main__":
    steady.Server(Manager, "phantom").serve()
