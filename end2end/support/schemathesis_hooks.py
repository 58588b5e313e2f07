"""What JSON Schema cannot say.

An envelope's length is one that padding makes: the shortest is. And a whole number is written as one, where JSON
Schema takes 93.0 for an integer too.
"""
import re

import schemathesis

SHORTEST = 1408


@schemathesis.hook
def before_call(context, case, kwargs):
    if not isinstance(case.body, dict):
        return
    body = {name: as_written(value) for name, value in case.body.items()}
    envelope = body.get("envelope")
    if isinstance(envelope, str) and re.fullmatch(r"AQE[AB]A[A-P][A-Za-z0-9_-]+", envelope):
        schemas = case.operation.schema.raw_schema["components"]["schemas"]
        if SHORTEST <= len(envelope) <= schemas["CreateRequest"]["properties"]["envelope"]["maxLength"]:
            body["envelope"] = envelope[:SHORTEST]
    case.body = body


def as_written(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value
