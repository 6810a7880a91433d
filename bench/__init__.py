"""What is fast, measured against what: every benchmark prints its figures, a baseline of the same run, and the ratio."""
