"""Carrying a plan out, and taking it back: to the cluster, or through files and Git."""
