# SPDX-License-Identifier: Apache-2.0
"""check_schema.py [--lines] SCHEMA FILE...: each file (with --lines: each line of it) is JSON as the schema says; else
where it is not, and exit 1.

It knows the words of JSON Schema that bench/schema.json uses, and refuses a schema with any other,
so that no rule is passed over in silence.
"""
import json
import re
import sys

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
}
KNOWN = {
    "$schema", "title", "description", "type", "required", "properties", "additionalProperties",
    "items", "enum", "const", "pattern", "minLength", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "anyOf",
}


def check(value, schema, where):
    unknown = set(schema) - KNOWN
    if unknown:
        raise SystemExit(f"the schema uses words that this checker does not know: {sorted(unknown)}")
    types = schema.get("type")
    if types is not None:
        types = [types] if isinstance(types, str) else types
        if not any(TYPES[t](value) for t in types):
            yield f"{where}: {value!r:.60} is not of type {' or '.join(types)}"
            return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r:.60} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r:.60} is none of {schema['enum']}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where}: {value!r:.60} does not match {schema['pattern']}"
        if len(value) < schema.get("minLength", 0):
            yield f"{where}: too short"
    if TYPES["number"](value):
        for word, bad in (("minimum", lambda v, b: v < b), ("maximum", lambda v, b: v > b),
                          ("exclusiveMinimum", lambda v, b: v <= b),
                          ("exclusiveMaximum", lambda v, b: v >= b)):
            if word in schema and bad(value, schema[word]):
                yield f"{where}: {value} breaks {word} {schema[word]}"
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for key in schema.get("required", []):
            if key not in value:
                yield f"{where}: {key} is missing"
        for key, member in value.items():
            if key in properties:
                yield from check(member, properties[key], f"{where}.{key}")
            elif schema.get("additionalProperties", True) is False:
                yield f"{where}: {key} is not in the schema"
    if "anyOf" in schema:
        found = [list(check(value, one, where)) for one in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from check(item, schema["items"], f"{where}[{i}]")


def main():
    lines = sys.argv[1:2] == ["--lines"]
    names = sys.argv[1 + lines:]
    with open(names[0], encoding="utf-8") as f:
        schema = json.load(f)
    code = 0
    for name in names[1:]:
        with open(name, encoding="utf-8") as f:
            values = [json.loads(line) for line in f] if lines else [json.load(f)]
        if not values:
            print(f"{name}: nothing in it")
            code = 1
        for n, value in enumerate(values, 1):
            for finding in check(value, schema, f"{name}:{n}" if lines else name):
                print(finding)
                code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
