"""Reads the front matter of agent and skill files: never stricter than Claude Code, always louder.

Files in the wild have byte-order marks, CRLF, unquoted colons, duplicate keys, fences that never close and no front
matter at all. What YAML can read is read as YAML; from what it cannot, the known keys at column 0 are recovered.
"""

from __future__ import annotations

import datetime
import errno
import itertools
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import yaml
from pydantic import Field, JsonValue

from orchestrator.config.findings import Finding
from orchestrator.core.values import Value

MAX_BYTES = 1 << 20
MAX_YAML = 1 << 16
MAX_DEPTH = 64
TEXT_KEYS = ("name", "description", "version")  # YAML would turn `yes` into true and 1.10 into 1.1
_FENCE = re.compile(r"^---\s*$")
_HEADING = re.compile(r"^#{1,6}\s")
_BROKEN = (yaml.YAMLError, ValueError, RecursionError)  # ValueError: an impossible date, say


class FrontMatter(Value):
    """What stands between the fences, and what follows them.

    `found` tells whether the file has front matter at all, `recovered` that YAML could not read it.
    `lines` gives the line of each key, `body_line` that of the body's first line.
    """

    found: bool
    recovered: bool = False
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    lines: dict[str, int] = Field(default_factory=dict)
    body: str = ""
    body_line: int = 1
    findings: tuple[Finding, ...] = ()

    def text(self, key: str) -> str:
        """The field as text, an empty string where it is missing or anything else."""
        value = self.fields.get(key)
        return value.strip() if isinstance(value, str) else ""


def read_front_matter(path: Path, known: Collection[str]) -> FrontMatter:
    """Reads a file. `known` are the keys that the fallback recovers.

    Raises:
        OSError: the file cannot be read.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file")  # to open a pipe would wait for ever
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    findings = []
    if len(data) > MAX_BYTES:
        findings.append(Finding(line=0, level="error", message=f"longer than {MAX_BYTES} bytes: the rest is not read"))
    try:
        text = data[:MAX_BYTES].decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        findings.append(Finding(line=line, level="error", message="not UTF-8: the bytes that are not are replaced"))
        text = data[:MAX_BYTES].decode("utf-8", errors="replace")
    parsed = parse_front_matter(text, known)
    return parsed.model_copy(update={"findings": (*findings, *parsed.findings)})


def parse_front_matter(text: str, known: Collection[str]) -> FrontMatter:
    """Splits a text into its front matter and its body, and parses the first."""
    text, findings = _plain_text(text)
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if not _FENCE.match(lines[first]):
        missing = Finding(line=1, level="error", message="no front matter: the file must begin with a line '---'")
        return FrontMatter(found=False, body=text, findings=(*findings, missing))
    if first > 0:
        findings.append(Finding(line=1, level="warning", message="blank lines before the front matter"))
    start = first + 1
    close = next((at for at in range(start, len(lines)) if _FENCE.match(lines[at])), len(lines))
    end = _end(lines, start, close, known)
    closed = end == close < len(lines)
    if not closed:
        findings.append(Finding(line=first + 1, level="error", message="the front matter is never closed by '---'"))
    body = end + 1 if closed else end
    fields, at_line, parsed = _parse(lines[start:end], start + 1, known)
    return FrontMatter(
        found=True,
        recovered=any(finding.level == "error" for finding in (*findings, *parsed)),
        fields=fields,
        lines=at_line,
        body="\n".join(lines[body:]).strip("\n"),
        body_line=body + 1,
        findings=(*findings, *parsed),
    )


def _plain_text(text: str) -> tuple[str, list[Finding]]:
    findings = []
    if text.startswith("\ufeff"):
        findings.append(Finding(line=1, level="note", message="begins with a byte-order mark"))
        text = text.lstrip("\ufeff")
    if "\r" in text:
        findings.append(Finding(line=1, level="note", message="lines end in CR or CRLF"))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, findings


def _end(lines: list[str], start: int, close: int, known: Collection[str]) -> int:
    """Where the front matter stops: at its fence; where that is missing or a rule of the body, before the body.

    A body gives itself away by a heading after which no known key follows, in text that is no YAML.
    """
    if close == len(lines):
        ends = (at for at in range(start, close) if not lines[at].strip() or _HEADING.match(lines[at]))
        return next(ends, close)
    heading = next((at for at in range(start, close) if _HEADING.match(lines[at])), close)
    if heading == close or any(_key_of(line, known) for line in lines[heading:close]):
        return close
    try:
        _parse_yaml("\n".join(lines[start:close]), 1)
    except _BROKEN:
        return heading
    return close


def _parse(
    lines: list[str], offset: int, known: Collection[str]
) -> tuple[dict[str, JsonValue], dict[str, int], list[Finding]]:
    try:
        return _parse_yaml("\n".join(lines), offset)
    except _BROKEN as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = offset + mark.line if mark else offset
        problem = getattr(error, "problem", None) or str(error).split("\n")[0] or type(error).__name__
        message = f"not valid YAML ({problem}): known keys at the start of a line are read instead"
        fields, at_line = _recover(lines, offset, known)
        return fields, at_line, [Finding(line=line, level="error", message=message)]


def _parse_yaml(text: str, offset: int) -> tuple[dict[str, JsonValue], dict[str, int], list[Finding]]:
    if len(text) > MAX_YAML:  # the parser reads some 100 kB a second
        raise yaml.YAMLError(f"longer than {MAX_YAML} characters")
    if _depth(text) > MAX_DEPTH:  # its time grows with the square of the depth
        raise yaml.YAMLError(f"brackets nested more than {MAX_DEPTH} deep")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise yaml.YAMLError("aliases are not read")  # a few lines of them can unfold into gigabytes
    loader = yaml.SafeLoader(text)
    node = loader.get_single_node()
    if node is None:
        return {}, {}, []
    if not isinstance(node, yaml.MappingNode):
        raise yaml.YAMLError("not a list of 'key: value' lines")
    fields: dict[str, JsonValue] = {}
    at_line: dict[str, int] = {}
    findings = []
    for key_node, value_node in node.value:
        key, line = str(key_node.value), offset + key_node.start_mark.line
        if key in fields:
            message = f"{key!r} stands here again: this value replaces that of line {at_line[key]}"
            findings.append(Finding(line=line, level="warning", message=message))
        literal = key in TEXT_KEYS and isinstance(value_node, yaml.ScalarNode)
        fields[key] = value_node.value if literal else _json(loader.construct_object(value_node, deep=True))
        at_line[key] = line
    return fields, at_line, findings


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth = depth + 1 if character in "[{" else max(0, depth - 1) if character in "]}" else depth
        deepest = max(deepest, depth)
    return deepest


def _json(value: object) -> JsonValue:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _recover(lines: list[str], offset: int, known: Collection[str]) -> tuple[dict[str, JsonValue], dict[str, int]]:
    fields: dict[str, JsonValue] = {}
    at_line: dict[str, int] = {}
    for key, at, text in _blocks(lines, known):
        fields[key] = text if key in TEXT_KEYS else _value(text)
        at_line[key] = offset + at
    return fields, at_line


def _key_of(line: str, known: Collection[str]) -> str:
    key, colon, rest = line.partition(":")
    return key if colon and key in known and (not rest or rest[0].isspace()) else ""


def _blocks(lines: list[str], known: Collection[str]) -> Iterator[tuple[str, int, str]]:
    """Each known key at column 0 with its line and its text.

    A description runs up to the next known key, whatever its lines look like (dialogues of examples
    do look like keys); any other field up to the next line that is neither indented nor an item.
    """
    starts = [at for at, line in enumerate(lines) if _key_of(line, known)]
    for at, following in itertools.pairwise([*starts, len(lines)]):
        key, _, head = lines[at].partition(":")
        rest = lines[at + 1 : following]
        if key != "description":
            rest = list(itertools.takewhile(lambda line: line[:1] in (" ", "\t", "-"), rest))
        head = "" if re.fullmatch(r"[>|][+-]?\d*", head.strip()) else head.strip()
        text = "\n".join([head, *(line.strip() for line in rest)]).strip()
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
        yield key, at, text[1:-1] if quoted else text


def _value(text: str) -> JsonValue:
    """The text of one recovered field as YAML where it is YAML, else as it is."""
    try:
        fields, _, _ = _parse_yaml(f"value: {text}" if "\n" not in text else f"value:\n{text}", 1)
    except _BROKEN:
        return text
    return fields.get("value", text)
