"""What is wrong with a profile by the tables of rendering."""
