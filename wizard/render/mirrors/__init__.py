"""Every image that a profile needs, and the script that copies them."""
