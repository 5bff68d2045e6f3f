"""The kinds the fake serves: API version, kind, plural, whether it lives in a namespace."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def root(self) -> str:
        return ("/apis/" if "/" in self.api_version else "/api/") + self.api_version


_CORE = (
    Kind("v1", "Namespace", "namespaces", namespaced=False),
    Kind("v1", "Node", "nodes", namespaced=False),
    Kind("v1", "Pod", "pods"),
    Kind("v1", "Event", "events"),
    Kind("v1", "ConfigMap", "configmaps"),
    Kind("v1", "Secret", "secrets"),
    Kind("v1", "Service", "services"),
    Kind("v1", "ServiceAccount", "serviceaccounts"),
    Kind("v1", "ResourceQuota", "resourcequotas"),
    Kind("v1", "LimitRange", "limitranges"),
    Kind(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        namespaced=False,
    ),
    Kind(
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        namespaced=False,
    ),
    Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    Kind("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", namespaced=False),
    Kind("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", namespaced=False),
    Kind("apps/v1", "Deployment", "deployments"),
    Kind("apps/v1", "ReplicaSet", "replicasets"),
    Kind("rbac.authorization.k8s.io/v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False),
    Kind(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "clusterrolebindings",
        namespaced=False,
    ),
    Kind("coordination.k8s.io/v1", "Lease", "leases"),
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
    Kind("networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", namespaced=False),
)

OPERATORS = {
    "external-secrets": (
        Kind("external-secrets.io/v1", "ExternalSecret", "externalsecrets"),
        Kind("external-secrets.io/v1", "SecretStore", "secretstores"),
        Kind(
            "external-secrets.io/v1",
            "ClusterSecretStore",
            "clustersecretstores",
            namespaced=False,
        ),
        Kind("external-secrets.io/v1alpha1", "PushSecret", "pushsecrets"),
    ),
    "old-external-secrets": (
        Kind("external-secrets.io/v1beta1", "ExternalSecret", "externalsecrets"),
    ),
    "argocd": (
        Kind("argoproj.io/v1alpha1", "Application", "applications"),
        Kind("argoproj.io/v1alpha1", "AppProject", "appprojects"),
    ),
    "flux": (
        Kind("source.toolkit.fluxcd.io/v1", "GitRepository", "gitrepositories"),
        Kind("source.toolkit.fluxcd.io/v1", "HelmRepository", "helmrepositories"),
        Kind("helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases"),
        Kind("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "kustomizations"),
    ),
    "openshift": (
        Kind(
            "security.openshift.io/v1",
            "SecurityContextConstraints",
            "securitycontextconstraints",
            namespaced=False,
        ),
    ),
    "sealed-secrets": (Kind("bitnami.com/v1alpha1", "SealedSecret", "sealedsecrets"),),
}


def served(operators: tuple[str, ...]) -> tuple[Kind, ...]:
    """What a cluster with these operators serves."""
    return _CORE + tuple(kind for operator in operators for kind in OPERATORS[operator])
