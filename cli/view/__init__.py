"""The explorer: `subwarden view` serves a page with a live run behind it."""
