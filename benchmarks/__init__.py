"""Speed, as ratios measured in one run. Never part of a test: machines are noisy, and a slow day is no defect."""
