"""PyYAML's safe loader and dumper: those in C where PyYAML was built with libyaml, else in Python.

Imported where YAML is read or written, and not before: PyYAML costs a part of the start-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from yaml import BaseLoader as BaseLoader
    from yaml import SafeDumper as SafeDumper
    from yaml import SafeLoader as SafeLoader
else:
    BaseLoader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    SafeDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
