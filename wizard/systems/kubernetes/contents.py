"""Everything in a namespace, over every kind that the cluster serves, custom ones included."""

from __future__ import annotations

from wizard.core.errors import NotFoundError, WizardError
from wizard.core.manifest import ObjectRef
from wizard.systems.kubernetes.api import ONLY_METADATA, Api
from wizard.systems.kubernetes.kinds import Kinds, Listed
from wizard.systems.kubernetes.map_concurrently import map_concurrently
from wizard.systems.kubernetes.nouns import Contents, Json

_Found = list[tuple[ObjectRef, Json]]


def contents_of(api: Api, kinds: Kinds, namespace: str) -> Contents:
    """List a namespace as the server does that empties one: kind by kind; no content is read."""
    served, unseen = kinds.listed()

    def look(listed: Listed) -> tuple[_Found, str]:
        path = listed.kind.path(namespace)
        try:
            items = list(api.pages(path, accept=ONLY_METADATA))
        except NotFoundError:  # its definition has just been removed
            return [], ""
        except WizardError as error:
            return [], f"{listed.kind.plural}: {error.problem}"
        refs = [
            ObjectRef(listed.api_version, listed.name, namespace, one["metadata"]["name"])
            for one in items
        ]
        return [(ref, one["metadata"]) for ref, one in zip(refs, items, strict=True)], ""

    answers = map_concurrently(look, served)
    objects = tuple(found for items, _ in answers for found in items)
    return Contents(objects, (*unseen, *(trouble for _, trouble in answers if trouble)))
