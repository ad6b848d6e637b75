"""What OpenAPI says is what the routes take and answer."""

from typing import Any

import pytest

from nonebot_plugin_report.doctor.findings import Finding
from nonebot_plugin_report.hub import Health
from nonebot_plugin_report.model.delivery import State
from nonebot_plugin_report.model.status import (
    Backlog,
    Blocked,
    DeliveryState,
    Process,
    Receipt,
    Refusal,
    ReportState,
)
from nonebot_plugin_report.model.target import Lane, Target
from nonebot_plugin_report.sources.bodies.form import FORM_FIELDS
from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.web import openapi
from nonebot_plugin_report.web.answers import STATUS, health_json, receipt_json, state_json

HERE = Target("private", "10001")
DELIVERY = DeliveryState(HERE, State.WAITING, 1, 0, "", None)
HEALTH = Health(
    fault="",
    fault_detail="",
    bots=(("20001", "OneBot V11", True),),
    backlog=Backlog(1, 1.0, (Blocked(Lane(HERE), "why", 1.0),), (DELIVERY,)),
    refused_at=1.0,
    processes=(Process("name", "pc-1", 1, ("20001",), 1.0, 1.0),),
    failures=(DELIVERY,),
    refusals=(Refusal(1.0, "curl", "why", ""),),
    strangers=("10001",),
)
FINDING = Finding("提醒", "x", "y")
ANSWERS: dict[str, tuple[dict[str, Any], dict[str, object]]] = {
    "receipt": (openapi.RECEIPT, receipt_json(Receipt("id", "accepted", (HERE,)))),
    "state": (
        openapi.STATE,
        state_json(ReportState("id", "", "event", "heading", 1.0, "", "", (DELIVERY,)), 1.0),
    ),
    "health": (openapi.OWNERS_HEALTH, health_json(HEALTH, [FINDING], 1.0)),
}


def differences(schema: dict[str, Any], value: object, path: str = "") -> list[str]:
    """Where an answer has other names than its schema."""
    if isinstance(value, dict):
        named = schema["properties"]
        found = [f"{path}.{name}" for name in named.keys() ^ value.keys()]
        shared = named.keys() & value.keys()
        return found + [
            one
            for name in shared
            for one in differences(named[name], value[name], f"{path}.{name}")
        ]
    if isinstance(value, list):
        assert value, f"{path} tells nothing"
        return [one for part in value for one in differences(schema["items"], part, f"{path}[]")]
    return []


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_has_the_names_of_its_schema(name: str) -> None:
    assert differences(*ANSWERS[name]) == []


def test_every_state_of_a_delivery_is_explained() -> None:
    said = openapi.STATE["properties"]["deliveries"]["items"]["properties"]["state"]["description"]
    assert all(state in said for state in State)


def test_every_status_of_a_refusal_is_named() -> None:
    assert set(openapi.PUSH_ANSWERS) == {200, 204, *STATUS.values()}


@pytest.mark.parametrize("name", openapi.REPORT)
def test_every_field_has_a_description_and_its_examples_are_taken(name: str) -> None:
    schema = openapi.REPORT[name]
    assert schema["description"]
    assert name in FORM_FIELDS
    for example in schema.get("examples", ()):
        parse({"content": "x", name: example})
