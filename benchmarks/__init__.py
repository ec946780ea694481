"""Benchmarks: speed, as ratios measured in one run. No test runs them: machines are noisy, and a slow machine is no defect."""
