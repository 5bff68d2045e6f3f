"""Runners in GitLab: how they are found, adopted and given a token, and what is true of them."""
