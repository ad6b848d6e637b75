"""The OpenAPI document of the routes: bodies, parameters and answers.

Users read it in a browser (`/docs`) and try it out there. A test compares it with what the routes
take and answer.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Security
from fastapi.params import Depends
from fastapi.security import APIKeyQuery, HTTPBearer

from ..model.delivery import FAILED, State
from .answers import STATUS

Schema = dict[str, Any]

TOKEN: Final[list[Depends]] = [
    Security(HTTPBearer(scheme_name="请求头", description="令牌，不带 Bearer", auto_error=False)),
    Security(
        APIKeyQuery(
            name="token", scheme_name="网址", description="令牌，如 ?token=…", auto_error=False
        )
    ),
]
"""Where a token may stand beside the body. For the document only: `Callers` checks it."""


def _text(description: str, *examples: object, **more: object) -> Schema:
    return {"type": "string", "description": description, "examples": list(examples), **more}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _optional(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    return _or_null(schema) if "type" in schema else schema


def _object(description: str, properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(properties),
    }


def _list(description: str, items: Schema) -> Schema:
    return {"type": "array", "description": description, "items": items}


def _targets(description: str, *examples: object) -> Schema:
    kinds: list[Schema] = [{"type": "string"}, {"type": "integer"}]
    return {
        "description": f"{description}：一个、逗号分隔的几个，或列表，最多 100 个",
        "anyOf": [*kinds, {"type": "array", "items": {"anyOf": kinds}, "maxItems": 100}],
        "examples": list(examples),
    }


_SEND_TO: Final = _targets("私聊发给谁", 10001, [10001, 10002], "10001,10002")
_SEND_TO_GROUP: Final = _targets("发到哪些群", 777)
_SEND_FROM: Final[Schema] = {
    "description": "由哪个机器人发",
    "anyOf": [{"type": "string"}, {"type": "integer"}],
    "examples": [20001],
}
_PICTURES: Final[Schema] = {
    "description": "几张截图，最多 20 张；每张同 screenshot",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}
REPORT: Final[Mapping[str, Schema]] = {
    "title": _text("标题", "备份"),
    "content": _text("正文；也认别的工具的 text、desp、body、msg", "备份完成"),
    "message": _text("正文（BetterGI 的字段）", "自动秘境结束"),
    "event": _text("事件名；BetterGI 的事件会显示中文名", "domain.end"),
    "result": {
        "description": "结果：0、Success、ok、true、成功是成功；1、Fail、error、false、失败是失败；"
        "2、PartialSuccess、warning 是部分成功；其他的原样显示",
        "anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "boolean"}],
        "examples": [0, "Fail", "成功", True],
    },
    "timestamp": _text("时间（ISO 8601）；显示为本机时间", "2026-11-23T21:44:00+08:00"),
    "screenshot": _text("截图：JPEG、PNG、GIF、WebP 或 BMP 的 base64", contentEncoding="base64"),
    "image": _text("同 screenshot", contentEncoding="base64"),
    "screenshots": _PICTURES,
    "images": {**_PICTURES, "description": "同 screenshots"},
    "data": {"description": "任意 JSON；只保存，不显示"},
    "send_to": _SEND_TO,
    "to": {**_SEND_TO, "description": "同 send_to"},
    "send_to_group": _SEND_TO_GROUP,
    "to_group": {**_SEND_TO_GROUP, "description": "同 send_to_group"},
    "channel": _targets("发到哪些渠道", "phone"),
    "send_from": _SEND_FROM,
    "from": {**_SEND_FROM, "description": "同 send_from"},
    "id": _text(
        "自己的编号：同一个令牌的同一个 id、同样的内容只算一条", "backup-20261123", maxLength=128
    ),
    "token": _text("令牌；最好写在网址或请求头里"),
}
"""The fields of a report."""

_FIELDS: Final[Schema] = {
    "type": "object",
    "description": "都可以不写；空文字和 null 等于没有写；不认识的字段会被忽略。",
    "properties": {name: _optional(schema) for name, schema in REPORT.items()},
}
_EXAMPLES: Final[Schema] = {
    "script": {
        "summary": "自己的脚本",
        "value": {"title": "备份", "content": "备份完成", "send_to": [10001], "send_to_group": 777},
    },
    "bettergi": {
        "summary": "BetterGI 写出的通知",
        "value": {
            "event": "domain.end",
            "result": 0,
            "timestamp": "2026-11-23T21:44:00.1234567+08:00",
            "screenshot": None,
            "message": "自动秘境结束",
            "data": None,
            "send_to": "",
        },
    },
}
_IN_URL: Final[Schema] = {"type": "string"}
_BESIDE: Final = {
    **dict.fromkeys(("title", "content", "message", "event", "result"), "请求体里没有时用它"),
    **dict.fromkeys(
        ("send_from", "send_to", "send_to_group", "channel"), "请求体里没有时用它；逗号分隔"
    ),
    "source": "请求体是哪个工具写的，例如 alertmanager；不写就看它的形状",
}
_BINARY: Final[Schema] = {
    "type": "string",
    "format": "binary",
    "description": "截图；令牌和文字写在网址里",
}
_PARTS: Final[Schema] = {
    "type": "object",
    "description": "字段同 JSON；图片是文件，可以有几张，名字不限",
    "properties": {
        "title": REPORT["title"],
        "content": REPORT["content"],
        "image": {"type": "string", "format": "binary", "description": "截图"},
    },
}
PUSH: Final[Schema] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _FIELDS, "examples": _EXAMPLES},
            "text/plain": {"schema": _text("全部内容就是正文"), "example": "备份完成"},
            "application/x-www-form-urlencoded": {
                "schema": _FIELDS,
                "example": {"title": "备份", "content": "备份完成"},
            },
            "multipart/form-data": {"schema": _PARTS},
            "image/png": {"schema": _BINARY},
            "image/jpeg": {"schema": _BINARY},
        },
    },
    "parameters": [
        *(
            {"name": name, "in": "query", "description": said, "schema": {"type": "string"}}
            for name, said in _BESIDE.items()
        ),
        {
            "name": "Title",
            "in": "header",
            "description": "标题；UTF-8 或 RFC 2047",
            "schema": {"type": "string"},
        },
        {
            "name": "Message",
            "in": "header",
            "description": "正文；UTF-8 或 RFC 2047",
            "schema": {"type": "string"},
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "请求体没有 id 时用它：同一个就只算一条，不管内容",
            "schema": {"type": "string", "maxLength": 128},
        },
    ],
}

GET_QUERY: Final[Schema] = {
    "parameters": [
        {"name": name, "in": "query", "description": said["description"], "schema": _IN_URL}
        for name, said in REPORT.items()
        if name not in ("token", "screenshot", "image", "data")
    ]
}

_SECONDS: Final[Schema] = {"type": "number", "description": "1970 年以来的秒数"}
_ISO: Final = _text("同一时刻，ISO 8601", "2026-11-23T21:44:00+08:00", format="date-time")
_PROGRESS: Final = _text(
    "一句话：上一次怎样，接下来做什么，什么时候", "12:03 后重试，第 3 次：飞书：发送太快"
)
_TARGET: Final = _text("接收者", "private:10001", "group:777", "channel:phone")
ERROR: Final = _object(
    "没有收下", {"status": {"type": "string", "const": "error"}, "error": _text("原因")}
)
RECEIPT: Final = _object(
    "已存盘",
    {
        "id": _text("这条推送的编号"),
        "status": _text(
            "accepted 会送达；duplicate 同一条已经收下过；dropped 规则说不发",
            enum=["accepted", "duplicate", "dropped"],
        ),
        "deliveries": _list("发给谁", _object("一个接收者", {"target": _TARGET})),
    },
)
STATE: Final = _object(
    "一条推送的状态",
    {
        "id": _text("这条推送的编号"),
        "key": _or_null(_text("推送时写的 id")),
        "event": _text("事件名"),
        "heading": _text("标题，没有时是事件"),
        "received_at": _SECONDS,
        "received_at_iso": _ISO,
        "token": _or_null(_text("推送它的令牌的名字；主令牌为 null")),
        "reason": _or_null(_text("没有接收者时，为什么")),
        "deliveries": _list(
            "到每个接收者的状态",
            _object(
                "一个接收者",
                {
                    "target": _TARGET,
                    "state": _text(
                        "waiting 等待；delivered 送达；rejected 被拒绝；expired 放弃；"
                        "unconfirmed 未确认：可能送到了，没有得到确认",
                        "delivered",
                        enum=list(State),
                    ),
                    "attempts": {"type": "integer", "description": "尝试次数"},
                    "repeats": {
                        "type": "integer",
                        "description": "前一次可能已经送到、仍然重发的次数",
                    },
                    "reason": _or_null(_text("没有送达的原因")),
                    "progress": _PROGRESS,
                    "finished_at": _or_null(_SECONDS),
                    "finished_at_iso": _or_null(_ISO),
                },
            ),
        ),
    },
)
_STATUS: Final[Mapping[str, Schema]] = {"status": _text("能否收下推送", enum=["ok", "error"])}
OWNERS_HEALTH: Final = _object(
    "带主令牌时",
    {
        **_STATUS,
        "reason": _or_null(_text("为什么收不下")),
        "bots": _list(
            "已连接的机器人",
            _object(
                "一个机器人",
                {
                    "id": _text("它的 QQ 号", "20001"),
                    "adapter": _text("适配器", "OneBot V11"),
                    "online": {"type": "boolean", "description": "现在能不能发"},
                },
            ),
        ),
        "processes": _list(
            "共用数据库（PostgreSQL）的进程；停了一小时的不再列出。SQLite 只有一个进程，是空的",
            _object(
                "一个进程",
                {
                    "host": _text("电脑的名字", "pc-1"),
                    "pid": {"type": "integer", "description": "进程号"},
                    "bots": _list("它的能发的 QQ", _text("QQ 号", "20001")),
                    "lanes": {"type": "integer", "description": "它占着的发送队列"},
                    "lapsed": {
                        "type": "boolean",
                        "description": "15 秒以上没有动静：租约过期了，别的进程可以接过去",
                    },
                    "standing": _text("一句话", "pc-1 的进程 1234，QQ 20001"),
                    "started_at": _SECONDS,
                    "started_at_iso": _ISO,
                    "seen_at": _SECONDS,
                    "seen_at_iso": _ISO,
                },
            ),
        ),
        "waiting": {"type": ["integer", "null"], "description": "等待发送的条数"},
        "oldest_waiting_at": _or_null(_SECONDS),
        "oldest_waiting_at_iso": _or_null(_ISO),
        "blocked": _list(
            "暂停了的",
            _object(
                "一个接收者",
                {
                    "lane": _text("接收者", "private:10001"),
                    "reason": _text("为什么暂停"),
                    "since": _SECONDS,
                    "since_iso": _ISO,
                },
            ),
        ),
        "retrying": _list(
            "等着重试的，每个接收者说最前面的一条",
            _object("一条", {"target": _TARGET, "progress": _PROGRESS}),
        ),
        "onebot_refused_at": _or_null(
            {**_SECONDS, "description": "上一次有 OneBot 带着不同的令牌连来；1970 年以来的秒数"}
        ),
        "onebot_refused_at_iso": _or_null(_ISO),
        "failures": _list(
            "一天以来没有送达、或不能确认的最近几条；网址里有 ?detail 时才查",
            _object(
                "一条",
                {
                    "target": _TARGET,
                    "state": _text("rejected、expired 或 unconfirmed", enum=list(FAILED)),
                    "reason": _text("为什么"),
                    "progress": _PROGRESS,
                    "finished_at": _or_null(_SECONDS),
                    "finished_at_iso": _or_null(_ISO),
                },
            ),
        ),
        "refusals": _list(
            "最近没有收下的推送，最多 20 条；令牌对的，或从本机来的，重新启动后从头记起",
            _object(
                "一条",
                {
                    "client": _text("哪个程序，从哪个地址", "curl/8.5.0（127.0.0.1）"),
                    "reason": _text("哪里不对，怎么改"),
                    "token": _or_null(_text("它的令牌的名字；没有对的令牌时为 null")),
                    "at": _SECONDS,
                    "at_iso": _ISO,
                },
            ),
        ),
        "superusers_without_friend": _list(
            "不是任何机器人好友的超级用户；网址里有 ?detail 时才查", _text("QQ 号", "10001")
        ),
        "findings": _list(
            "doctor 对运行着的机器人会说的；网址里有 ?detail 时才查",
            _object(
                "一项",
                {
                    "level": _text("正常、提醒或错误", enum=["正常", "提醒", "错误"]),
                    "text": _text("发现了什么"),
                    "advice": _text("怎么办"),
                },
            ),
        ),
    },
)
HEALTH: Final[Schema] = {"anyOf": [OWNERS_HEALTH, _object("没有带令牌时", _STATUS)]}


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_REFUSED: Final = {
    404: "没有这条推送",
    **{code: (error.__doc__ or "").strip() for error, code in STATUS.items()},
}


def _refused(*statuses: int) -> dict[int | str, Schema]:
    return {code: _answer(_REFUSED[code], ERROR) for code in statuses}


HEALTH_QUERY: Final[Schema] = {
    "parameters": [
        {
            "name": "detail",
            "in": "query",
            "description": "再查一查没有送达的和好友（要主令牌）",
            "schema": {"type": "string"},
            "allowEmptyValue": True,
        }
    ]
}
STATE_PATH: Final[Schema] = {
    "parameters": [
        {
            "name": "report_id",
            "in": "path",
            "required": True,
            "description": "回答里的编号，或者推送时自己写的 id（几条用了同一个，就是最新的）",
            "schema": {"type": "string"},
        }
    ]
}
PUSH_ANSWERS: Final[dict[int | str, Schema]] = {
    200: _answer("已存盘，会送达；别的工具写的，加上它要的回答", RECEIPT),
    204: {"description": "已存盘，会送达；写给 Discord 的，它要空的回答"},
    **_refused(403, 413, 415, 422, 429, 503),
}
GET_ANSWERS: Final[dict[int | str, Schema]] = {
    200: PUSH_ANSWERS[200],
    204: PUSH_ANSWERS[204],
    **_refused(403, 415, 422, 429, 503),
}
STATE_ANSWERS: Final[dict[int | str, Schema]] = {
    200: _answer("一条推送的状态", STATE),
    **_refused(403, 404, 422, 429, 503),
}
HEALTH_ANSWERS: Final[dict[int | str, Schema]] = {
    200: _answer("能收下推送", HEALTH),
    503: _answer("收不下推送", HEALTH),
    **_refused(403, 422, 429),
}
