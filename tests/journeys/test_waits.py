"""A wait that is given up says what the operator says, and asks for nothing that is done."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.gitops_world import RELEASE, GitOpsWorld
from tests.journeys.test_gitops import proven


def test_what_argocd_says_is_told_and_no_commit_is_asked_for(tmp_path: Path) -> None:
    with GitOpsWorld(tmp_path) as world:
        proven(world)
        application = world.cluster.find("Application", RELEASE, "argocd")
        assert application
        said = "Failed to load target state: argocd-apps: app path does not exist"
        application["status"] = {
            "sync": {"status": "Unknown", "revisions": [world.git("rev-parse", "HEAD")]},
            "health": {"status": "Healthy"},
            "conditions": [{"type": "ComparisonError", "message": said}],
        }
        world.cluster.put(application)
        profile = str(world.profile)
        ended = world.wizard("apply", profile, "--yes", "--json", "--timeout", "2")
        assert ended.code == 1, ended.out
        error = ended.document["error"]
        assert f"ComparisonError: {said}" in error["cause"]
        assert "Argo CD cannot read what it should sync." in error["cause"]
        assert "commit" not in error["fix"].lower()
        now = world.cluster.find("Application", RELEASE, "argocd")
        assert now
        assert now["metadata"]["annotations"]["argocd.argoproj.io/refresh"] == "normal"
