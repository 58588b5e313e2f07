"""Corrects generated requests where JSON Schema cannot express the rule.

The length of an envelope must be one that padding produces: the shortest is used. An integer must be written without
a fraction, while JSON Schema accepts 93.0.
"""
import re

import schemathesis

SHORTEST_ENVELOPE = 1408


@schemathesis.hook
def before_call(context, case, kwargs):
    if not isinstance(case.body, dict):
        return
    body = {name: without_fraction(value) for name, value in case.body.items()}
    envelope = body.get("envelope")
    if isinstance(envelope, str) and re.fullmatch(r"AQE[AB]A[A-P][A-Za-z0-9_-]+", envelope):
        schemas = case.operation.schema.raw_schema["components"]["schemas"]
        if SHORTEST_ENVELOPE <= len(envelope) <= schemas["CreateRequest"]["properties"]["envelope"]["maxLength"]:
            body["envelope"] = envelope[:SHORTEST_ENVELOPE]
    case.body = body


def without_fraction(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value
