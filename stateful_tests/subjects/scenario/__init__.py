"""A scenario: any coroutine function. How it is loaded, played and told."""
