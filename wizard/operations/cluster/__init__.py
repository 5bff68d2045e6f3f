"""What a profile has in the cluster: its namespaces, its objects, the credential of its store."""
