"""What the answers come to, before anything is written."""
