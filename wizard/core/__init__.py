"""The nouns and errors that every room shares. Imports nothing of the house."""
