#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CREATE DICTIONARY that says what a dictionary's XML says.

    dictionary_ddl.py FILE.xml        to standard output

The embedded engine takes dictionaries by DDL alone, a server takes programs as sources by XML alone: so the
XML that livecol writes is tried by this. Every element of it must be understood here, or it ends with 1.
"""
import sys
import xml.etree.ElementTree as ET


def quoted(text):
    return "'" + (text or "").replace("\\", "\\\\").replace("'", "\\'") + "'"


def settings(element):
    words = []
    for child in element:
        text = child.text or ""
        words.append(f"{child.tag} {text if text.isdigit() else quoted(text)}")
    return " ".join(words)


def column(attribute):
    values = {child.tag: child.text or "" for child in attribute}
    ddl = f"`{values.pop('name')}` {values['type']}"
    type_name = values.pop("type")
    if "null_value" in values:
        value = values.pop("null_value")
        if not type_name.startswith("Array"):
            ddl += f" DEFAULT {value if type_name.startswith('UInt') else quoted(value)}"
    assert not values, values
    return ddl


(dictionary,) = ET.parse(sys.argv[1]).getroot()
parts = {child.tag: child for child in dictionary}
(source,) = parts.pop("source")
(layout,) = parts.pop("layout")
structure = parts.pop("structure")
name = parts.pop("name").text
lifetime = parts.pop("lifetime", None)
assert not parts, parts
keys = structure.find("key").findall("attribute")
columns = [column(a) for a in keys + structure.findall("attribute")]
assert len(structure) == 1 + len(structure.findall("attribute"))
print(f"CREATE DICTIONARY {name} ({', '.join(columns)})")
print(f"PRIMARY KEY {', '.join(a.find('name').text for a in keys)}")
print(f"SOURCE({source.tag}({settings(source)}))")
print(f"LAYOUT({layout.tag}({settings(layout)}))")
if lifetime is not None:
    print(f"LIFETIME({lifetime.text})")
