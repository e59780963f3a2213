"""Feeds schemathesis with what lies in the seeded world (world.ts); README.md lists what each hook supplies.

A request that the fuzzer made wrong on purpose keeps what is wrong with it: only parts that were generated as valid ones are filled in.
"""

import ast
import base64
import hashlib
import hmac
import json
import os
import struct
import threading
import time
import uuid

import requests
import schemathesis
from requests.structures import CaseInsensitiveDict
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

with open(os.environ["FUZZ_WORLD"], encoding="utf-8") as file:
    WORLD = json.load(file)

# Marks requests that come from the world whole, so that nothing else is filled in; never sent.
RECIPE = "X-Recipe"
CATEGORIES = ["food", "food.restaurants", "home.rent", "general"]
PARTS = (ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.HEADER, ParameterLocation.BODY)

# Python 3.11 counts the depth of its parser for all threads together, and fails when two parse at once.
parse, parsing = ast.parse, threading.Lock()


def parse_alone(*args, **kwargs):
    with parsing:
        return parse(*args, **kwargs)


ast.parse = parse_alone


class Stranger:
    """Somebody who is in none of the groups, signed in anew before the token is too old."""

    # A token lives for ten minutes.
    RENEW_SECONDS = 240

    def __init__(self):
        self.lock = threading.Lock()
        self.token, self.since = "", 0.0

    def authorization(self):
        with self.lock:
            if time.monotonic() - self.since > self.RENEW_SECONDS or not self.token:
                answer = requests.post(WORLD["signIn"]["url"], json=WORLD["signIn"]["stranger"], timeout=30)
                answer.raise_for_status()
                self.token, self.since = answer.json()["accessToken"], time.monotonic()
            return f"Bearer {self.token}"


STRANGER = Stranger()
# What the stranger was answered, by the case that the owner then sends; and how often each operation was tried.
refusals, tries, noting = {}, {}, threading.Lock()
TRIES_PER_OPERATION = 40


def names_a_thing(operation):
    """Whether the path names something of somebody's; the tokens of invitations open them to whoever holds one."""
    return operation.definition.raw.get("security", []) != [] and any(
        parameter.name.endswith("Id") for parameter in operation.path_parameters
    )


def try_as_stranger(case):
    """Sends a request as the stranger before its owner does, so that what the owner ends is still there."""
    operation = case.operation
    # OPTIONS and the like, which are sent on purpose in place of the operation's method, tell the same of every path.
    if case.method.upper() != operation.method.upper() or not names_a_thing(operation):
        return
    if not all(is_valid(case, location) for location in PARTS):
        return
    with noting:
        if tries.get(operation.label, 0) >= TRIES_PER_OPERATION:
            return
        tries[operation.label] = tries.get(operation.label, 0) + 1
    request = case.as_transport_kwargs()
    request["headers"] = {**request["headers"], "Authorization": STRANGER.authorization()}
    answer = requests.request(**request, timeout=30)
    with noting:
        refusals[case.id] = answer.status_code


@schemathesis.check
def strangers_get_nothing(ctx, response, case):
    """What its owner may do to a thing, the stranger was told does not exist."""
    with noting:
        status = refusals.pop(case.id, None)
    if status is None or not 200 <= response.status_code < 300:
        return None
    with open(os.environ["FUZZ_TRIES"], "a", encoding="utf-8") as log:
        log.write(f"{case.operation.label}\n")
    assert status == 404, f"the stranger was answered {status}, the owner {response.status_code}"
    return None


@schemathesis.hook
def before_add_examples(context, examples):
    """Requests that succeed in the world, as first examples of their operation."""
    operation = context.operation
    recipes = WORLD["recipes"].get(operation.definition.raw.get("operationId"), [])
    for recipe in recipes:
        headers = CaseInsensitiveDict(recipe.get("headers", {}))
        headers[RECIPE] = "1"
        if needs_key(operation):
            headers["Idempotency-Key"] = str(uuid.uuid4())
        fields = {"path_parameters": dict(recipe.get("path", {})), "headers": headers}
        if "query" in recipe:
            fields["query"] = dict(recipe["query"])
        if "body" in recipe:
            fields.update(body=recipe["body"], media_type="application/json")
        if "file" in recipe:
            fields.update(body={"file": base64.b64decode(recipe["file"])}, media_type="multipart/form-data")
        case = operation.Case(**fields)
        if "token" in recipe:
            case.headers["Authorization"] = f"Bearer {recipe['token']}"
            # Tells the check of ignored credentials that these are real.
            case._has_explicit_auth = True
        examples.append(case)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Ids, versions, keys and signatures for requests whose own are well formed and mean nothing."""
    recipe = case.headers.pop(RECIPE, None)
    if case.operation.definition.raw.get("operationId") == "receiveWebhook":
        sign(case)
    if recipe is not None:
        if isinstance(case.body, dict) and str(case.body.get("code", "")).startswith("totp:"):
            case.body["code"] = totp(case.body["code"][5:])
        try_as_stranger(case)
        return
    if is_valid(case, ParameterLocation.PATH):
        # Ids that came from answers of this run stay: the check of objects knows whose they are.
        drawn = {draw.parameter_name for draw in case.meta.pool_draws if draw.location == "path"} if case.meta else set()
        for name in case.path_parameters:
            if name in WORLD["ids"] and not (name in drawn and pick([True, False], case, name)):
                case.path_parameters[name] = pick(WORLD["ids"][name], case, name)
    if is_valid(case, ParameterLocation.HEADER):
        # A key that was used before repeats the answer of then, also about what has been deleted since: each request has its own.
        if needs_key(case.operation) or case.headers.get("Idempotency-Key"):
            case.headers["Idempotency-Key"] = str(uuid.uuid4())
        # Half of the versions are those of the fuzzer, which are stale.
        if "If-Match" in case.headers and pick([True, False], case, "If-Match"):
            case.headers["If-Match"] = "*"
    if is_valid(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        name_members(case)
    try_as_stranger(case)


def totp(secret):
    """The present code of an authenticator app with this secret (RFC 6238)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def needs_key(operation):
    """Whether the operation moves money, so that an Idempotency-Key is required."""
    parameters = operation.definition.raw.get("parameters", [])
    return any(parameter.get("$ref", "").endswith("/IdempotencyKeyRequired") for parameter in parameters)


def is_valid(case, location):
    """Whether a part of the request was generated as a valid one; a case of which nothing is known counts as valid."""
    if case.meta is None:
        return True
    component = case.meta.components.get(location)
    return component is None or component.mode == GenerationMode.POSITIVE


def pick(values, case, name):
    """The same value for the same generated request, so that a seed gives the same run."""
    text = f"{case.operation.label}/{name}/{case.path_parameters}/{case.query}/{case.body!r}"
    return values[int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big") % len(values)]


def name_members(case):
    """Members of the group in the path in place of ids that belong to nobody."""
    members = WORLD["members"].get(case.path_parameters.get("groupId"))
    if members is None:
        return

    def visit(value, key=None):
        if isinstance(value, dict):
            return {name: visit(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [members[index % len(members)] if key == "among" else visit(inner, key) for index, inner in enumerate(value)]
        if key == "category" and isinstance(value, str):
            return CATEGORIES[hash_of(value) % len(CATEGORIES)]
        if key in ("memberId", "from", "to") and isinstance(value, str):
            return members[hash_of(value) % len(members)]
        return value

    case.body = visit(case.body)


def hash_of(text):
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[0]


def sign(case):
    """Stripe's signature over the body as it will be sent; the body is sent as these bytes."""
    body = json.dumps(case.body if isinstance(case.body, dict) else {}).encode()
    now = int(time.time())
    signature = hmac.new(WORLD["webhookSecret"].encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    case.headers["Stripe-Signature"] = f"t={now},v1={signature}"
    case.body = json.loads(body)
