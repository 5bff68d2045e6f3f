"""Proof that a runner works: its rollout, its first contact with GitLab, a job."""
