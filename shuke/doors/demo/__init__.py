"""The demonstration merchant 芙颜: a beauty chain invented from a seed, loaded through the same doors as real data."""
