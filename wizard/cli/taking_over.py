"""`init --from` and `--from-cluster`: a profile of what was set up by hand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from wizard.cli.output import Output, Result
from wizard.core.command_line import command as spelt
from wizard.core.errors import UsageError
from wizard.importing import Fate, Imported, Row, Text, findings_lines, import_texts
from wizard.profile.document import parse
from wizard.profile.examples import examples
from wizard.profile.presets import new_id
from wizard.profile.reading import STANDARD_INPUT, read_foreign
from wizard.profile.save import write_new

_ENDINGS = (".yaml", ".yml", ".json", ".toml", ".tf", ".gotmpl", ".tpl")
_NOT_TAKEN = (Fate.LEFT, Fate.UNREAD)
_MOST_FILES = 400
_LARGEST_FOLDER = 4_000_000
"""Characters of all files together."""


def take_over(
    output: Output,
    sources: tuple[Path, ...],
    running: str | None,
    context: str | None,
    target: Path | None,
    *,
    explain: bool,
) -> Result:
    """Make a profile of files, or of what runs in a cluster, and tell every finding.

    Raises: WizardError, when they set up no runner or cannot be read.
    """
    profile_id = new_id()
    texts = _given(sources) if running is None else _from_cluster(running, context)
    imported = import_texts(texts, profile_id)
    path = target or Path(f"{imported.name}.yaml")
    write_new(path, imported.text)
    for line in findings_lines(imported.findings):
        output.say(line)
    if explain:
        for line in _table(imported.rows):
            output.say(line)
    for line in _next(imported, path):
        output.say(line)
    data = {
        "profile": str(path),
        "id": profile_id,
        "findings": [asdict(finding) for finding in imported.findings],
        "not_taken_over": [
            f"{row.key}: {row.words}" for row in imported.rows if row.fate in _NOT_TAKEN
        ],
        "to_fill_in": [".".join(map(str, key)) for key in imported.asked],
        "values": [
            {
                "file": row.file,
                "line": row.line,
                "key": row.key,
                "fate": row.fate,
                "what": row.words,
            }
            for row in imported.rows
        ],
    }
    return Result(str(path), data, warnings=examples(parse(imported.text, str(path))))


def _next(imported: Imported, path: Path) -> list[str]:
    lines = [f"wrote {path}; read it, then: {spelt('check', path)}"]
    if imported.asked:
        lines.insert(0, "to fill in, since no file has it: " + ", ".join(_asked(imported)))
    return lines


def _asked(imported: Imported) -> list[str]:
    from wizard.core.problems import key_path

    return [key_path(key) for key in imported.asked]


def _table(rows: tuple[Row, ...]) -> list[str]:
    """What became of every value, file by file."""
    lines: list[str] = []
    file = ""
    for row in rows:
        if row.file != file:
            file = row.file
            lines.append(f"{file}:")
        place = f"{row.line:>5}" if row.line else "    -"
        fate = f"{row.fate}: {row.words}" if row.words else str(row.fate)
        lines.append(f"{place}  {row.key}  ->  {fate}")
    return lines


def _given(sources: tuple[Path, ...]) -> list[Text]:
    found: list[Text] = []
    for source in sources:
        if source != STANDARD_INPUT and source.is_dir():
            found += _in_folder(source)
        elif source == STANDARD_INPUT:
            found.append(Text("standard input", read_foreign(source)))
        elif not source.exists():
            raise UsageError(
                f"There is no file {source}.",
                "its name is another, or it is elsewhere",
                "Name the file of the set-up",
            )
        else:
            name = source.name if len(sources) == 1 else str(source)
            found.append(Text(name, read_foreign(source)))
    return found


def _in_folder(folder: Path) -> list[Text]:
    """The files of a folder that may set up a runner, hidden folders left alone."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name.endswith(_ENDINGS)
        and not any(
            part.startswith(".") and not part.startswith(".gitlab-ci")
            for part in path.relative_to(folder).parts
        )
    ]
    if not paths:
        raise UsageError(
            f"{folder} holds no file that could set up a runner.",
            f"looked for are files that end in {', '.join(_ENDINGS)}",
            "Name the file of the set-up",
        )
    if len(paths) > _MOST_FILES:
        raise UsageError(
            f"{folder} holds {len(paths)} files.",
            f"more than {_MOST_FILES} are not read at once",
            "Name the runner's own folder",
        )
    texts = [Text(str(path.relative_to(folder)), read_foreign(path)) for path in paths]
    if sum(len(one.text) for one in texts) > _LARGEST_FOLDER:
        raise UsageError(
            f"{folder} holds more than {_LARGEST_FOLDER:,} characters.",
            "more are not read at once",
            "Name the runner's own folder",
        )
    return texts


def _from_cluster(name: str, context: str | None) -> list[Text]:
    """What a manager that runs was made of."""
    from wizard.operations.discovery.taking_over import text_of
    from wizard.wiring.machine import Machine

    machine = Machine()
    chosen = context or machine.contexts().current
    setups = machine.setups(chosen)
    names = [f"{one.namespace}/{one.name}" for one in setups]
    matching = [
        one for one, full in zip(setups, names, strict=True) if name in ("", full, one.name)
    ]
    if len(matching) == 1:
        return [text_of(machine.setup(chosen, matching[0]))]
    if not setups:
        raise UsageError(
            f"No runner manager that the wizard did not make runs in {chosen}.",
            "no Deployment there uses an image called gitlab-runner, except the wizard's own",
            "Name another context: --context NAME",
        )
    which = (
        f"{name} names {'several' if matching else 'none'} of them" if name else "there are several"
    )
    raise UsageError(f"Which manager of {chosen}?", which, f"Write one of: {', '.join(names[:20])}")
