"""The catalogue: which peace processes are followed, and by which names a text shows that it is about one.

It is a YAML file that users edit (``processes.yaml`` beside this module ships); classify matches texts by it, alerts
reads whose publisher speaks for which party. Its version is derived from the file's content and goes with each reading.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

SHIPPED: Final = Path(__file__).with_name("processes.yaml")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Alias = Annotated[str, StringConstraints(min_length=2, max_length=100, strip_whitespace=True)]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)]


class CatalogueError(Exception):
    """The catalogue cannot be used; the message names the file, the line and what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(_Part):
    """One side of a process.

    Attributes:
        name: what people read, e.g. ``Russia``.
        kind: what it is.
        aliases: further names, capitals and demonyms ("Kremlin", "Russian", "Russians"). Case counts only in that a
            name with a capital is not found in lower case.
        people: its leaders and negotiators.
        publishers: registrable domains through which it speaks itself (``kremlin.ru``).
        recognises: how far its name shows that a text is about this process: ``always``; ``by_default`` (where the
            text names nothing of any other process); ``with_others`` (only beside another name of this process).

    """

    name: Alias
    kind: Literal["state", "armed_group", "organisation", "political_group"]
    aliases: tuple[Alias, ...] = ()
    people: tuple[Alias, ...] = ()
    publishers: tuple[Domain, ...] = ()
    recognises: Literal["always", "by_default", "with_others"] = "always"


class Process(_Part):
    """One peace process or conflict.

    Attributes:
        id: its slug on the wire.
        name: what people read.
        parties: its sides, two or more.
        aliases: names of the conflict or process itself ("Minsk agreements"); each recognises it.
        places: places that recognise it.
        people: further people whose names do.
        mediators: who is between the parties; recognises nothing by itself.
        legislatures: parliaments whose votes matter to it; recognise nothing by themselves.
        official_publishers: registrable domains of international official sources (``un.org``).

    """

    id: Slug
    name: Alias
    parties: Annotated[tuple[Party, ...], Field(min_length=2)]
    aliases: tuple[Alias, ...] = ()
    places: tuple[Alias, ...] = ()
    people: tuple[Alias, ...] = ()
    mediators: tuple[Alias, ...] = ()
    legislatures: tuple[Alias, ...] = ()
    official_publishers: tuple[Domain, ...] = ()

    @model_validator(mode="after")
    def _parties_differ(self) -> "Process":
        names = [party.name for party in self.parties]
        if len(set(names)) < len(names):
            raise ValueError("two parties have the same name")
        return self


class Catalogue(_Part):
    """All processes by id, in the order of the file; ``version`` is the start of the SHA-256 of its content."""

    version: str
    processes: Mapping[str, Process]


def load(path: Path | None = None) -> Catalogue:
    """Read and check a catalogue.

    Args:
        path: the file; ``None`` is the one that ships.

    Raises:
        CatalogueError: where it cannot be read, is no YAML, or does not have the shape above.

    """
    path = path or SHIPPED
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise CatalogueError(f"{path}{line}: no YAML: {getattr(error, 'problem', None) or error}") from error
    processes: dict[str, Process] = {}
    for node in _list_of_processes(path, root):
        process = _process(path, node)
        if process.id in processes:
            raise _wrong(path, node, f"the id {process.id!r} is there twice")
        processes[process.id] = process
    if not processes:
        raise CatalogueError(f"{path}: holds no process")
    return Catalogue(version=hashlib.sha256(content).hexdigest()[:12], processes=MappingProxyType(processes))


def _wrong(path: Path, node: yaml.Node, what: str) -> CatalogueError:
    return CatalogueError(f"{path}, line {node.start_mark.line + 1}: {what}")


def _list_of_processes(path: Path, root: yaml.Node | None) -> Iterator[yaml.Node]:
    if root is None:
        raise CatalogueError(f"{path}: is empty, expected `processes:` and a list")
    entries = root.value if isinstance(root, yaml.MappingNode) else []
    fields = {key.value: value for key, value in entries}
    if set(fields) != {"processes"} or not isinstance(fields["processes"], yaml.SequenceNode):
        raise _wrong(path, root, "expected one field, `processes`, that holds a list")
    yield from fields["processes"].value


def _process(path: Path, node: yaml.Node) -> Process:
    try:
        return Process.model_validate(_plain(path, node))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = "unknown field" if first["type"] == "extra_forbidden" else first["msg"]
        raise _wrong(path, _at(node, first["loc"]), f"{where}: {what}" if where else what) from error


def _plain(path: Path, node: yaml.Node) -> Any:  # noqa: ANN401  whatever the file holds; pydantic judges it next
    if isinstance(node, yaml.MappingNode):
        plain = {}
        for key, value in node.value:
            if key.value in plain:
                raise _wrong(path, key, f"the field {key.value!r} is there twice")
            plain[key.value] = _plain(path, value)
        return plain
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, value) for value in node.value]
    # YAML reads the bare word `No` as false; a name is what was written, whatever it looks like.
    return None if node.tag == "tag:yaml.org,2002:null" else node.value


def _at(node: yaml.Node, location: tuple[int | str, ...]) -> yaml.Node:
    """The node nearest to where validation failed, for its line."""
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = [value if key.value == step else None for key, value in node.value]
            inner = next((value for value in found if value is not None), None)
            key = next((key for key, _ in node.value if key.value == step), None)
            if inner is None or key is None:
                return node
            if not isinstance(inner, yaml.CollectionNode):
                return key
            node = inner
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            return node
    return node
