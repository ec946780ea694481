"""From programs to runs to findings, for any level: drawing, driving, judging, shrinking, narrating."""
