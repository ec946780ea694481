"""The controlled loop with a simulated outside. It offers what `scheduling.uncontrolled` refuses elsewhere, at the scheduler's choice."""

from subwarden.world.network.connecting import ConnectingLoop


class WorldLoop(ConnectingLoop):
    """See `scheduling.loop.ControlledLoop`. A run that uses nothing of the outside pays nothing for it."""

    in_turns = True
