"""Knowledge as tables: versions, keys, and what a key opens."""
