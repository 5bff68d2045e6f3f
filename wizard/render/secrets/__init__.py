"""How the cluster reads a token: External Secrets, its stores and providers."""
