"""YAML files that people edit: read strictly, with errors that name the file, the line and what is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


class YamlFileError(Exception):
    """A file cannot be used; the message names it, the line and what is wrong."""


class YamlFile:
    """One YAML file as nodes that know their lines.

    Attributes:
        path: where it lies.
        content: its bytes.
        root: its top node.

    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            YamlFileError: it cannot be read, is no YAML, or is empty.

        """
        self.path = path
        try:
            self.content = path.read_bytes()
        except OSError as error:
            raise YamlFileError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            root = yaml.compose(self.content, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            raise YamlFileError(f"{path}{line}: no YAML: {getattr(error, 'problem', None) or error}") from error
        if root is None:
            raise YamlFileError(f"{path}: is empty")
        self.root: yaml.Node = root

    def wrong(self, node: yaml.Node, what: str) -> YamlFileError:
        """An error at a node."""
        return YamlFileError(f"{self.path}, line {node.start_mark.line + 1}: {what}")

    def items(self, node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
        """The fields of a mapping, each name once.

        Raises:
            YamlFileError: it is no mapping, or a field is there twice.

        """
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, "expected fields with names")
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.wrong(key, "a field's name is one word")
            if key.value in seen:
                raise self.wrong(key, f"the field {key.value!r} is there twice")
            seen.add(key.value)
            yield key.value, value

    def build(self, model: type[M], node: yaml.Node) -> M:
        """A node as a model.

        Raises:
            YamlFileError: it does not fit; at the line of the part that does not.

        """
        try:
            return model.model_validate(self._plain(node))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            what = "unknown field" if first["type"] == "extra_forbidden" else first["msg"]
            raise self.wrong(self.at(node, first["loc"]), f"{where}: {what}" if where else what) from error

    def at(self, node: yaml.Node, location: tuple[int | str, ...]) -> yaml.Node:
        """The node at a path of names and numbers, or the last one on the way that exists."""
        for step in location:
            inner: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                inner = next((value for key, value in node.value if key.value == step), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                inner = node.value[step]
            if inner is None:
                return node
            node = inner
        return node

    def _plain(self, node: yaml.Node) -> Any:  # noqa: ANN401  whatever the file holds; pydantic judges it next
        if isinstance(node, yaml.MappingNode):
            return {name: self._plain(value) for name, value in self.items(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(value) for value in node.value]
        # YAML reads the bare words `no` and `on` as booleans; a word is what was written, whatever it looks like.
        return None if node.tag == "tag:yaml.org,2002:null" else node.value
