"""Places that can keep something from one run to the next: how they are found, compared and put back."""
