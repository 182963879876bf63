"""Tests are claims about what onboard does."""
