"""Fills a spec with its schema's defaults and checks it, so that nothing is spent on a spec that cannot work."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from orchestrator.config.findings import Mistake, nearest
from orchestrator.config.skills import Skill
from orchestrator.core.values import Value

Schema = dict[str, JsonValue]
DEPTH = 16  # deeper than any spec; ends a schema whose defaults contain themselves


class Filled(Value):
    """A spec with every default written out, and what is wrong with it; usable only if nothing is."""

    spec: dict[str, JsonValue]
    mistakes: tuple[Mistake, ...] = ()


def fill(skill: Skill, spec: dict[str, JsonValue]) -> Filled:
    """The spec with the defaults of the skill's schema (JSON Schema 2020-12) at every level, checked against it."""
    schema = skill.spec_schema
    filled = _filled(schema, copy.deepcopy(spec), schema, 0)
    whole = filled if isinstance(filled, dict) else spec
    mistakes = list(_not_finite(whole, "")) or list(_broken_rules(schema, whole))
    once = {(mistake.path, mistake.allowed): mistake for mistake in mistakes}
    return Filled(spec=whole, mistakes=tuple(once[key] for key in sorted(once)))


def _broken_rules(schema: Schema, spec: Schema) -> Iterator[Mistake]:
    try:
        for error in _validator(schema).iter_errors(spec):
            yield from _mistakes(error)
    except (RecursionError, Unresolvable) as error:  # a schema that refers to itself for ever, or to nothing
        reason = f"{type(error).__name__}: {error}"[:200]
        yield Mistake(path="(schema)", allowed=f"the skill's schema cannot be used: {reason}")


def _validator(schema: Schema) -> Draft202012Validator:
    # An empty registry: a reference that leads outside the file fails instead of being fetched.
    return Draft202012Validator(schema, registry=Registry())


def _filled(schema: JsonValue, value: JsonValue, root: Schema, depth: int) -> JsonValue:
    """`value` with the defaults of the schema's properties, at every level that `value` reaches."""
    if not isinstance(schema, dict) or depth > DEPTH:
        return value
    for part in _parts(schema, value, root, depth):
        value = _filled(part, value, root, depth + 1)
    if isinstance(value, dict):
        return _filled_object(schema, value, root, depth)
    if isinstance(value, list):
        first = schema.get("prefixItems")
        heads = first if isinstance(first, list) else []
        return [
            _filled(heads[at] if at < len(heads) else schema.get("items"), item, root, depth + 1)
            for at, item in enumerate(value)
        ]
    return value


def _filled_object(schema: Schema, value: dict[str, JsonValue], root: Schema, depth: int) -> JsonValue:
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    out = dict(value)
    for name, inner in known.items():
        if name not in out and isinstance(inner, dict) and "default" in inner:
            out[name] = copy.deepcopy(inner["default"])
        if name in out:
            out[name] = _filled(inner, out[name], root, depth + 1)
    for name in out.keys() - known.keys():
        out[name] = _filled(schema.get("additionalProperties"), out[name], root, depth + 1)
    return out


def _parts(schema: Schema, value: JsonValue, root: Schema, depth: int) -> Iterator[JsonValue]:
    """The schemas that also hold for `value`: what `$ref` leads to, all of `allOf`, the first choice that fits."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        yield _resolve(reference, root)
    together = schema.get("allOf")
    yield from together if isinstance(together, list) else ()
    for key in ("anyOf", "oneOf"):
        choices = schema.get(key)
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and _fits(choice, _filled(choice, value, root, depth + 1), root):
                yield choice
                break


def _fits(choice: Schema, value: JsonValue, root: Schema) -> bool:
    definitions: Schema = {key: root[key] for key in ("$defs", "definitions") if key in root}
    return _validator({**choice, **definitions}).is_valid(value)


def _resolve(reference: str, root: Schema) -> JsonValue:
    """What a reference within the file (`#/$defs/Name`) leads to; nothing where it leads nowhere."""
    node: JsonValue = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if name:
            node = node.get(name) if isinstance(node, dict) else None
    return node


def _mistakes(error: ValidationError) -> Iterator[Mistake]:
    leaf = best_match([error]) or error
    path = ".".join(str(part) for part in leaf.absolute_path)
    instance, rule = cast(JsonValue, leaf.instance), cast(JsonValue, leaf.validator_value)
    if leaf.validator == "additionalProperties" and isinstance(leaf.schema, dict) and isinstance(instance, dict):
        valid = list(leaf.schema.get("properties", {}))
        for name in sorted(set(instance) - set(valid)):
            close = nearest(name, valid)
            hint = f"did you mean {close!r}? " if close else ""
            allowed = f"unknown option; {hint}allowed: {', '.join(sorted(valid)) or 'none'}"
            yield Mistake(path=f"{path}.{name}".lstrip("."), value=instance[name], allowed=allowed)
    elif leaf.validator == "required" and isinstance(rule, list) and isinstance(instance, dict):
        for missing in rule:
            if isinstance(missing, str) and missing not in instance:
                yield Mistake(path=f"{path}.{missing}".lstrip("."), allowed="is required and missing")
    else:
        allowed = _allowed(str(leaf.validator), rule, instance, leaf.message)
        yield Mistake(path=path or "(spec)", value=instance, allowed=allowed)


def _allowed(validator: str, bound: JsonValue, instance: JsonValue, message: str) -> str:
    words = {
        "minimum": f"must be {bound} or more",
        "maximum": f"must be {bound} or less",
        "exclusiveMinimum": f"must be more than {bound}",
        "exclusiveMaximum": f"must be less than {bound}",
        "type": f"must be of type {bound}",
        "const": f"must be {bound!r}",
        "pattern": f"must match {bound!r}",
        "minItems": f"must have {bound} items or more",
        "maxItems": f"must have {bound} items or fewer",
    }
    shown = repr(instance)[:60]
    if validator == "enum" and isinstance(bound, list):
        close = nearest(str(instance), [str(choice) for choice in bound])
        hint = f"; did you mean {close!r}?" if close else ""
        return f"must be one of {', '.join(map(repr, bound))}, not {shown}{hint}"
    return f"{words[validator]}, not {shown}" if validator in words else message[:200]


def _not_finite(value: JsonValue, path: str) -> Iterator[Mistake]:
    if isinstance(value, float) and not math.isfinite(value):
        yield Mistake(path=path, value=str(value), allowed=f"must be a finite number, not {value}")
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from _not_finite(inner, f"{path}.{name}".lstrip("."))
