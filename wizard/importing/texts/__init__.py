"""From text to data that knows its lines: YAML as Helm reads it, TOML, Terraform's language."""

from __future__ import annotations

from wizard.importing.texts.toml_text import TomlText, toml_text
from wizard.importing.texts.yaml_text import YamlDocument, YamlError, yaml_documents

__all__ = ["TomlText", "YamlDocument", "YamlError", "toml_text", "yaml_documents"]
