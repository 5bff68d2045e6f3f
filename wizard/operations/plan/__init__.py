"""Comparing the profile with every system: the survey, and the changes that it comes to."""
