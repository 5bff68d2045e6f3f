"""A small Kubernetes API on loopback: discovery, CRUD, watch, apply, faults.

What only a real API server can judge (conflicts, schemas, Pod Security, quota, RBAC) it does not
pretend to know; tests of these are marked `cluster`.
"""

from tests.fakes.kubernetes.cluster import FakeCluster
from tests.fakes.kubernetes.store import DEFAULTS

__all__ = ["DEFAULTS", "FakeCluster"]
