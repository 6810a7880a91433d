"""Shuke: member points, segmentation and marketing automation for many merchants."""
