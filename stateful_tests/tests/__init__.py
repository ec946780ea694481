"""The tests of subwarden itself, by room."""
