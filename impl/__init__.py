"""The real asyncio managers, and the subjects that they are compared with. Nothing here knows of the harness."""
