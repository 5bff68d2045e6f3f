"""The review says in one sentence what the changes come to."""

from __future__ import annotations

from wizard.core.changes import Action, Change, FieldChange, Plan, System
from wizard.tui.planning import meaning


def change(subject: str, *fields: FieldChange, action: Action = Action.UPDATE) -> Change:
    return Change(System.CLUSTER, action, subject, fields)


def test_one_changed_field_is_named_with_its_values():
    plan = Plan((change("Role gitlab-runner/x", FieldChange("rules", 1, 2)),))
    assert meaning(plan) == "rules: 1 becomes 2."


def test_new_pods_are_said_with_what_becomes_of_running_jobs():
    template = FieldChange("spec.template.metadata.annotations", "a", "b")
    deployment = change("Deployment gitlab-runner/gitlab-runner-homelab", template)
    said = meaning(Plan((change("ConfigMap a/b"), deployment)))
    assert said == "New pods for gitlab-runner-homelab; the old ones finish their jobs first."


def test_a_manager_that_is_created_is_not_called_restarted():
    template = FieldChange("spec.template", None, {})
    created = change("Deployment a/b", template, action=Action.CREATE)
    assert meaning(Plan((created,))) == ""
