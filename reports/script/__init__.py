"""Writers of plain-asyncio scripts, one for each kind of subject."""
