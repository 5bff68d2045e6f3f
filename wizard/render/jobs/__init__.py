"""The pod that an ordinary job becomes, and what Pod Security says of it."""
