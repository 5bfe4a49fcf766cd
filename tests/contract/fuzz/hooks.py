"""What the fuzzer must know of our schema: the scalars, ids that exist, and what makes an answer a wrong one."""

import json
import os
import re
from itertools import cycle

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

# The codes that the guide names, but for INTERNAL and TIMEOUT: nobody may get those, whoever asks for whatever.
KNOWN = set("BAD_USER_INPUT FORBIDDEN GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED NOT_FOUND QUERY_TOO_COMPLEX RATE_LIMITED UNAUTHENTICATED UNAVAILABLE".split())
IDS = cycle(os.environ["FUZZ_IDS"].split())

SCHEMA = graphql.build_schema(open(os.environ["FUZZ_SCHEMA"]).read())


def text(*values):
    return st.sampled_from([nodes.String(value) for value in values])


schemathesis.graphql.scalar("Date", text("2026-11-30", "1900-01-01", "2199-12-31", "2026-02-30", "", "x"))
schemathesis.graphql.scalar(
    "DateTime",
    text("2026-11-30T17:00:00+07:00", "2199-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2026-11-30T17:00:00", "10000-01-01T00:00:00Z"),
)
schemathesis.graphql.scalar("Decimal", text("7.5", "-1", "0", "1e400", "NaN", "9" * 40, "9" * 41, "0.0001", ""))
schemathesis.graphql.scalar("EmailAddress", text("minh.anh@sonca.example", "a@b", "x", "a\r\nBcc: b@c.example", "á@é.vn"))
schemathesis.graphql.scalar("Url", text("https://example.vn/a", "javascript:alert(1)", "http://u:p@example.vn", "//x", ""))


class Better(graphql.Visitor):
    """Most ids are of things that exist, so that not every call ends at the first door; and every object says what it is."""

    def __init__(self):
        super().__init__()
        self.turn = 0

    def enter(self, node, *_):
        if isinstance(node, (graphql.ArgumentNode, graphql.ObjectFieldNode)) and re.search(r"(^id|Id)$", node.name.value):
            self.turn += 1
            if self.turn % 4:
                return type(node)(name=node.name, value=graphql.StringValueNode(value=next(IDS)))
        return None

    def leave_selection_set(self, node, key, parent, *_):
        if isinstance(parent, graphql.OperationDefinitionNode):
            return None
        name = graphql.FieldNode(name=graphql.NameNode(value="__typename"))
        return graphql.SelectionSetNode(selections=(name, *node.selections))


@schemathesis.hook
def map_body(context, body):
    return graphql.visit(body, Better())


def of(value, *_):
    """Which type of an interface or union an answer's object is."""
    return value["__typename"]


for kind in SCHEMA.type_map.values():
    if graphql.is_abstract_type(kind):
        kind.resolve_type = of


def said(value, info, **_):
    """The answer's own word for a field, whatever its arguments."""
    path = info.path
    return value[path.key] if isinstance(value, dict) else None


@schemathesis.check
def is_an_answer_of_ours(context, response, case):
    document = graphql.parse(json.loads(response.request.body)["query"])
    invalid = graphql.validate(SCHEMA, document)
    body = response.json()
    for error in body.get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code in KNOWN, f"the code {code} of {error}"
        assert not re.search(r"sqlx|panick|src/|RUST|relation|SELECT ", error["message"]), error
    assert response.status_code in (200, 400, 429), response.status_code
    if body.get("data") is None or invalid:
        return
    # As if the answer were the world: what it lacks, or says otherwise than the schema allows, is an error here.
    executed = graphql.execute(SCHEMA, document, root_value=body["data"], field_resolver=said)
    if not body.get("errors"):
        assert not executed.errors, f"against the schema: {executed.errors}"
