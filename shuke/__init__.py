"""Shuke: member points, segmentation and marketing automation for many merchants."""

__version__ = "0.1.0"
