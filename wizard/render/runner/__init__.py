"""The runner itself: its config.toml, its manager, its rights and accounts, its images."""
