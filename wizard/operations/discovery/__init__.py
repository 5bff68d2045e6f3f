"""What is there before there is a profile: clusters, stores, scopes, the signed-in user."""
