"""Tools without a business word: the lowest floor, used by every other."""
