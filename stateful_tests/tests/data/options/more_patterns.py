"""More of the option in examples/options/patterns.py: hubs that are right in another way, and planted defects."""

import sys
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "options"))
from patterns import Adapter, Hub


class Greedy(Hub):
    """Ending a subscription to a pattern ends those to the topics that it matches; they are kept in the same list."""

    def unsubscribe(self, client, pattern):
        if pattern not in self.subscriptions.get(client, ()):
            return False
        self.subscriptions[client] = {each for each in self.subscriptions[client] if not fnmatchcase(each, pattern)}
        return True


class Overreaching(Adapter):
    hub = Greedy
