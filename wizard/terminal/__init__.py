"""What both front ends do with the terminal itself."""
