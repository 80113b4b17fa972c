# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents against docs/schema, where an unknown field is a field without documentation."""
import json

try:
    import jsonschema
except ImportError:
    jsonschema = None


def tight(schema):
    """Readers ignore what they do not know; tests do not."""
    if isinstance(schema, list):
        return [tight(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: tight(v) for k, v in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and "$schema" not in schema:
        out.setdefault("additionalProperties", False)
    return out


def validator(path):
    schema = json.loads(path.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(tight(schema))
