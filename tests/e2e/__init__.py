"""Whole runs of the program on real parts."""
