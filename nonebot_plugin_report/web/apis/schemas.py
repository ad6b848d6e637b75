"""The OpenAPI document of the other services' APIs: each as its service describes it."""

from typing import Any, Final

from ...sources.onebot import SENDS

Schema = dict[str, Any]


def _answers(good: Schema, bad: Schema, *statuses: int) -> dict[int | str, Schema]:
    descriptions = {200: ("已存盘，会送达", good), **dict.fromkeys(statuses, ("没有收下", bad))}
    return {
        status: {"description": told, "content": {"application/json": {"schema": schema}}}
        for status, (told, schema) in descriptions.items()
    }


def _body(described: str, *required: str, **fields: Schema) -> Schema:
    schema = {"type": "object", "description": described, "properties": fields}
    media = {"schema": {**schema, "required": list(required)}}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def _at(name: str, schema: Schema) -> Schema:
    """A part of the path."""
    return _parts(**{name: schema})


def _parts(**schemas: Schema) -> Schema:
    """The parts of the path."""
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": schema}
            for name, schema in schemas.items()
        ]
    }


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields)}


_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
_SEGMENT: Final[Schema] = {"type": "object", "description": "OneBot 11 的消息段"}
_QQ: Final[Schema] = {"anyOf": [_TEXT, _NUMBER]}
_ACTIONS: Final[Schema] = {
    "type": "string",
    "enum": sorted({*SENDS, "get_login_info", "get_status", "get_version_info", "get_friend_list",
                    "get_group_list", "get_msg", "delete_msg"}),
}  # fmt: skip
ONEBOT: Final = _at("action", _ACTIONS) | _body(
    "发送消息的参数",
    user_id=_QQ,
    group_id=_QQ,
    message_type={"type": "string", "enum": ["private", "group"]},
    message={"anyOf": [_TEXT, {"type": "array", "items": _SEGMENT}]},
)
_RETURNED: Final = {"retcode": _NUMBER, "message": _TEXT, "wording": _TEXT}
ONEBOT_ANSWERS: Final = _answers(
    _object(status={"const": "ok"}, data={}, **_RETURNED),
    _object(status={"const": "failed"}, data={"type": "null"}, **_RETURNED),
    400, 401, 403, 404, 406, 413, 429, 503,
)  # fmt: skip
GOTIFY: Final = _body("Gotify 的消息", "message", title=_TEXT, message=_TEXT, priority=_NUMBER)
GOTIFY_ANSWERS: Final = _answers(
    _object(id=_NUMBER, appid=_NUMBER, title=_TEXT, message=_TEXT, priority=_NUMBER, date=_TEXT),
    _object(error=_TEXT, errorCode=_NUMBER, errorDescription=_TEXT),
    401, 413, 415, 422, 429, 503,
)  # fmt: skip
NTFY: Final = _body(
    "ntfy 的消息", "topic", topic=_TEXT, title=_TEXT, message=_TEXT,
    tags={"type": "array", "items": _TEXT}, priority=_NUMBER,
)  # fmt: skip
NTFY_ANSWERS: Final = _answers(
    _object(id=_TEXT, time=_NUMBER, event=_TEXT, topic=_TEXT, message=_TEXT),
    _object(code=_NUMBER, http=_NUMBER, error=_TEXT, link=_TEXT),
    400, 403, 413, 415, 429, 503,
)  # fmt: skip
BEAT: Final = _at("name", {"type": "string", "pattern": "^[a-z]+$"})
BEAT_ANSWERS: Final = _answers(
    _object(ok={"const": True}), _object(ok={"const": False}, msg=_TEXT), 403, 404, 415, 422, 429
)
BARK: Final = _body(
    "Bark 的消息", "device_key", device_key=_TEXT, title=_TEXT, subtitle=_TEXT, body=_TEXT,
    level=_TEXT, group=_TEXT, url=_TEXT, image=_TEXT,
)  # fmt: skip
_BARKS: Final = _object(code=_NUMBER, message=_TEXT, timestamp=_NUMBER)
BARK_ANSWERS: Final = _answers(_BARKS, _BARKS, 400, 403, 413, 415, 429, 503)
_CHAT_ID: Final[Schema] = {"anyOf": [_TEXT, _NUMBER], "description": "不看：发给令牌默认的接收者"}
TELEGRAM: Final = _parts(token=_TEXT, method=_TEXT) | _body(
    "sendMessage 的参数", "text", chat_id=_CHAT_ID, text=_TEXT, parse_mode=_TEXT
)
TELEGRAM_ANSWERS: Final = _answers(
    _object(ok={"const": True}, result={"type": "object"}),
    _object(ok={"const": False}, error_code=_NUMBER, description=_TEXT),
    400, 401, 404, 413, 415, 429, 503,
)  # fmt: skip
QMSG: Final = _parts(action=_TEXT, key=_TEXT) | _body("Qmsg 的消息", "msg", msg=_TEXT, qq=_QQ)
QMSG_ANSWERS: Final = _answers(
    _object(success={"const": True}, reason=_TEXT, code={"const": 0}, info={"type": "object"}),
    _object(success={"const": False}, reason=_TEXT, code=_NUMBER),
    403, 413, 415, 422, 429, 503,
)  # fmt: skip
APPRISE: Final = _body(
    "Apprise-API 的通知", "body", title=_TEXT, body=_TEXT, type=_TEXT, format=_TEXT,
    attachments={"type": "array", "items": {"type": "object"}},
)  # fmt: skip
APPRISE_ANSWERS: Final = _answers(
    _object(error={"type": "null"}, details={"type": "array"}), _object(error=_TEXT),
    400, 403, 413, 415, 429, 503,
)  # fmt: skip
SYNOLOGY: Final = _body(
    "Synology Chat 的消息（多半是表单，JSON 在 payload 里）", text=_TEXT, file_url=_TEXT
)
SYNOLOGY_ANSWERS: Final = _answers(
    _object(success={"const": True}),
    _object(success={"const": False}, error={"type": "object"}),
    403, 413, 415, 422, 429, 503,
)  # fmt: skip
