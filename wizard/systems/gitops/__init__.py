"""Where GitOps files go."""
