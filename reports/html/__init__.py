"""The page: one HTML file that shows a record to a person, and the part of the record that only pictures need."""
