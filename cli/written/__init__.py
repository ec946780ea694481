"""Programs that a user writes: `subwarden play`."""
