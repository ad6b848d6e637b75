"""What each OneBot implementation says when it could not send, in its very words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.delivery import Away, NotSent, Outcome, Rejected, Unknown
from nonebot_plugin_report.senders.qq.failures import (
    MUTED_SECONDS,
    OutOfReach,
    judge,
    judge_status,
)

SEND = "NodeIKernelMsgService/sendMsg ListenerName:NodeIKernelMsgListener/onMsgInfoListUpdate"


def napcat(
    kind: str, result: int | None, said: str = "", *, retcode: int = 1200, name: str = ""
) -> dict[str, object]:
    """NapCat, packages/napcat-core/helper/event: 1200 by WebSocket, 200 by HTTP."""
    data = "{}" if result is None else f'{{\n    "result": {result},\n    "errMsg": "{said}"\n}}'
    words = f"{kind}: NTEvent {name or 'serviceAndMethod'}:{SEND} EventRet:\n{data}\n"
    return {
        "status": "failed", "retcode": retcode, "data": None,
        "message": words, "wording": words, "echo": None,
    }  # fmt: skip


def said(words: str, retcode: int = 1200) -> dict[str, object]:
    """LLOneBot, LLBot, NapCat: the error's text, twice."""
    return {"status": "failed", "retcode": retcode, "data": None, "message": words,
            "wording": words}  # fmt: skip


def lagrange(retcode: int) -> dict[str, object]:
    """Lagrange 1, OneBotResult: no words at all."""
    return {"status": "failed", "retcode": retcode, "data": None, "echo": "1"}


INVOKE = "invoke timeout, wrapperSession.getMsgService().sendMsg,"
FAILED = (
    "invoke failed, wrapperSession.getMsgService().sendMsg, [ '0', { chatType: 1 }, "
    "[ { textElement: { content: \"禁言 { result: 110, errMsg: '' }\" } } ], Map(1) { 0 => {} } ],"
)
CHECK, TIMEOUT = "EventChecker Failed", "Timeout"
MEANINGS: list[tuple[dict[str, object], type[Outcome]]] = [
    # NapCat: its issues 600, 808, 932, 182, 199, 1258
    (napcat(CHECK, 110, "发送失败，你已被移出该群，请重新加群。"), OutOfReach),
    (napcat(CHECK, 110, "发送失败，你已被移出该群，请重新加群。", retcode=200), Rejected),
    (napcat(CHECK, 120), Away),
    (napcat(CHECK, 1006514, "网络连接异常!"), Away),
    (napcat(CHECK, 1006514, "网络连接异常!", retcode=200), Away),
    (napcat(CHECK, -1, "rich media transfer failed"), NotSent),
    (napcat(CHECK, -1, "rich media transfer failed", retcode=200), NotSent),
    (napcat(CHECK, 1101, "1101"), NotSent),
    (napcat(CHECK, 9, "code 110 of 120"), NotSent),
    (napcat(TIMEOUT, 0), Unknown),
    (napcat(TIMEOUT, None), Unknown),
    (napcat(TIMEOUT, None, retcode=200), Unknown),
    (napcat(TIMEOUT, 1, name="EventName"), Unknown),
    (napcat(TIMEOUT, -1, "rich media transfer failed", name="EventName"), NotSent),
    (said("发送转发消息（res_id：RTz0SlhjBk2 失败"), Unknown),
    (said("发送伪造合并转发消息失败: Error: 下载文件失败: Not Found"), NotSent),
    (said("无法获取用户信息"), OutOfReach),
    (said("无法获取用户信息", 200), Rejected),
    # LLOneBot 3 (LuckyLilliaBot#314)
    (said("发送超时", 200), Unknown),
    # LLBot up to 7 (LuckyLilliaBot#656)
    (said(f"{INVOKE} [ '0', {{ chatType: 2 }} ]"), Unknown),
    (said(f"{INVOKE} [ '0', {{ content: '禁言' }} ]"), Unknown),
    (said(f"{FAILED} {{ result: 16, errMsg: '发送失败，请先添加对方为好友' }}"), Rejected),
    (said(f"{FAILED} {{ result: 120, errMsg: '' }}"), Away),
    (said(f"{FAILED} {{ result: 9, errMsg: '网络连接异常!' }}"), Away),
    (said(f"{FAILED} {{ result: 9, errMsg: '' }}"), NotSent),
    (said("ntqq api call failed, nodeIKernelMsgService/sendMsg, ", 200), NotSent),
    (said("当前处于被禁言状态"), Away),
    (said("pmhq ws send: wait result timeout"), Unknown),
    (said("发送伪造合并转发消息失败 (res_id: +1Ng3Il )"), Unknown),
    # LLBot 8
    (said("waitForSelfEcho timeout"), Unknown),
    (said("发送消息失败 (sequence=0)"), Unknown),
    (said("发送消息失败 (code=110): "), Rejected),
    (said("发送消息失败 (code=120): "), Away),
    (said("发送消息失败 (code=46): 110"), NotSent),
    (said("发送伪造合并转发消息失败 (res_id: +1Ng3Il)"), Unknown),
    # Lagrange 1 of 2024, and since then with QQ's code as the retcode
    (lagrange(9000), Unknown),
    (lagrange(110), OutOfReach),
    (lagrange(120), Away),
    (lagrange(1006514), Away),
    (lagrange(-1), NotSent),
    (lagrange(200), NotSent),
    (lagrange(400), Rejected),
    (lagrange(404), Rejected),
    # go-cqhttp: 100 is all that it says of what QQ refused
    ({"retcode": 100, "msg": "SEND_MSG_API_ERROR", "wording": "请参考 go-cqhttp 端输出"}, NotSent),
    ({"retcode": 1404, "msg": "API_NOT_FOUND", "wording": "API不存在"}, Rejected),
    # its issue 1762
    ({"retcode": 100, "msg": "GROUP_NOT_FOUND", "wording": "群聊不存在"}, OutOfReach),
    ({"retcode": 100, "msg": "FRIEND_NOT_FOUND", "wording": "好友不存在"}, OutOfReach),
    ({"retcode": 100, "wording": "群聊不存在"}, OutOfReach),
    (said("发送失败，请先添加对方为好友"), OutOfReach),
    # OneBot 11 and 12
    ({"retcode": 1400, "message": "bad"}, Rejected),
    ({"retcode": 10003, "message": "bad"}, Rejected),
    ({"retcode": 35000, "message": "no such user"}, Rejected),
    ({"retcode": 20002, "message": "internal"}, NotSent),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "meaning"), MEANINGS)
def test_what_is_said_is_understood(answer: dict[str, object], meaning: type[Outcome]) -> None:
    outcome = judge(answer)
    assert isinstance(outcome, meaning)
    if isinstance(outcome, NotSent):
        assert outcome.answered


def test_a_group_that_has_muted_the_bot_is_left_in_peace() -> None:
    muted = judge(said("当前处于被禁言状态"))
    assert muted == judge(lagrange(120)) == judge(napcat(CHECK, 120))
    assert isinstance(muted, Away)
    assert muted.retry_after == MUTED_SECONDS
    assert "禁言" in muted.reason


def test_the_message_that_an_implementation_repeats_is_not_told() -> None:
    outcome = judge(said(f"{INVOKE} [ '0', {{ content: 'private' }} ]"))
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "QQ 没有确认是否送达（1200 invoke timeout）"
    for end in ("", " { result: 9, errMsg: '系统繁忙' }"):
        refused = judge(said(f"{FAILED}{end}"))
        assert isinstance(refused, NotSent)
        assert "content" not in refused.reason


def test_what_qq_itself_said_is_told() -> None:
    removed = judge(napcat(CHECK, 110, "发送失败，你已被移出该群，请重新加群。"))
    assert isinstance(removed, Rejected)
    assert "110 发送失败，你已被移出该群，请重新加群。" in removed.reason
    stranger = judge(said(f"{FAILED} {{ result: 16, errMsg: '发送失败，请先添加对方为好友' }}"))
    assert isinstance(stranger, Rejected)
    assert "16 发送失败，请先添加对方为好友" in stranger.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=3
)


@given(st.dictionaries(st.sampled_from(["retcode", "message", "msg", "wording", "data"]), JSON))
def test_whatever_is_said_is_an_outcome_with_a_short_reason(answer: dict[str, object]) -> None:
    outcome = judge(answer)
    assert isinstance(outcome, Away | NotSent | Rejected | Unknown)
    assert len(outcome.reason) < 250


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, Rejected), (403, Rejected), (404, Rejected), (406, Rejected), (302, Rejected),
     (429, NotSent), (502, NotSent), (503, NotSent), (500, Unknown), (504, Unknown)],
)  # fmt: skip
def test_an_http_status_says_what_becomes_of_it(status: int, expected: type) -> None:
    outcome = judge_status(status)
    assert isinstance(outcome, expected)
    assert str(status) in repr(outcome)
