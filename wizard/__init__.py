"""Runner Wizard: from nothing to a proven pod-per-job GitLab Runner on Kubernetes."""

__version__ = "0.1.0"
