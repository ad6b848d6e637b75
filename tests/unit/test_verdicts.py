"""Each tool's own words: result, event and figures, whichever way they come."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.reading import MAX_READINGS
from nonebot_plugin_report.model.report import Report, Result, dump, restore
from nonebot_plugin_report.sources import gotify, ntfy, onebot
from nonebot_plugin_report.sources.parse import parse
from nonebot_plugin_report.sources.verdicts import MAX_WORDS
from nonebot_plugin_report.sources.words import TOOLS

GAME_TOOLS = {"maa", "march7th", "onedragon", "alas", "src", "automas"}
MARCH7TH = "三月七小助手|･ω･)"
ONEDRAGON = "一条龙运行通知"
MAS_TITLE = "11-30 |{}|  小明 的自动代理统计报告"
MAS_RESULT = "任务开始时间: 2026-11-30 04:00:00, 结束时间: 2026-11-30 04:30:00\n"
SUCCESS, FAIL, PARTIAL = Result.SUCCESS, Result.FAIL, Result.PARTIAL

PHRASES: list[tuple[str, str, Result | None, str]] = [
    # MAA: AsstProxy.cs, Res/Localizations
    ("任务出错: 理智作战", "任务出错: 理智作战", FAIL, "maa.error"),
    ("任務出錯: 理智作戰", "任務出錯: 理智作戰", FAIL, "maa.error"),
    ("Task error: Combat", "Task error: Combat", FAIL, "maa.error"),
    ("タスクエラー: 作戦", "タスクエラー: 作戦", FAIL, "maa.error"),
    ("작업 오류: 이성", "작업 오류: 이성", FAIL, "maa.error"),
    ("任务已全部完成！\n(用时 0h 24m 13s)", "MAA 已在 …", SUCCESS, "maa.done"),
    ("任務已全部完成！\n(耗時 0h 24m 13s)", "MAA 已在 …", SUCCESS, "maa.done"),
    ("All task(s) completed!\n(in 0h 24m 13s)", "…", SUCCESS, "maa.done"),
    ("すべてのタスクが完了しました！\n(0h 24m 13s 後)", "…", SUCCESS, "maa.done"),
    ("모든 작업을 완료했습니다!\n(소요 시간: 0h 24m 13s)", "…", SUCCESS, "maa.done"),
    (
        "任务已全部完成！",
        "[04:00:01][#000]任务出错: 公招\n[04:10:00][#000]完成",
        PARTIAL,
        "maa.done",
    ),
    ("MAA", "[12:00:21]任务已全部完成！\n[12:00:21]糖 × 4", SUCCESS, "maa.done"),
    ("MAA", "你好", None, ""),
    # March7thAssistant: config.example.yaml, notify_template
    (MARCH7TH, "发生错误 截图失败", FAIL, "march7th.error"),
    (MARCH7TH, "每日实训未完成", FAIL, "march7th.error"),
    (MARCH7TH, "清体力未完成 传送可能失败", FAIL, "march7th.error"),
    (MARCH7TH, "模拟宇宙未完成", FAIL, "march7th.error"),
    (MARCH7TH, "锄大地未完成", FAIL, "march7th.error"),
    (MARCH7TH, "遗器背包已满", FAIL, "march7th.error"),
    (MARCH7TH, "混沌回忆已通关12层\n领取星琼失败", FAIL, "march7th.error"),
    (MARCH7TH, "每日实训已完成", SUCCESS, "march7th.done"),
    (MARCH7TH, "模拟宇宙已完成", SUCCESS, "march7th.done"),
    (MARCH7TH, "模拟宇宙奖励已领取", SUCCESS, "march7th.done"),
    (MARCH7TH, "锄大地已完成", SUCCESS, "march7th.done"),
    (MARCH7TH, "混沌回忆已通关12层", SUCCESS, "march7th.done"),
    (MARCH7TH, "成功使用了2个兑换码: \nA\nB", SUCCESS, "march7th.done"),
    (MARCH7TH, "1. 每日实训已完成\n2. 锄大地未完成\n3. 开拓力剩余1/300", FAIL, "march7th.error"),
    (MARCH7TH, "这是一条测试消息", SUCCESS, "notify.test"),
    (MARCH7TH, "发现新版本 v2.0", None, "march7th.update"),
    (MARCH7TH, "将在今天4时0分继续运行", None, "march7th.power"),
    (MARCH7TH, "请使用米游社APP扫描二维码登录\n\n链接：x", None, "march7th.login"),
    ("别的工具", "每日实训已完成", None, ""),
    # OneDragon: operation_notify.py, notify_app.py
    (ONEDRAGON, "任务「咖啡店」运行成功", SUCCESS, "咖啡店.end"),
    (ONEDRAGON, "任务「咖啡店」运行Success", SUCCESS, "咖啡店.end"),
    (ONEDRAGON, "任务「咖啡店」运行失败", FAIL, "咖啡店.end"),
    (ONEDRAGON, "任务「咖啡店」运行开始", None, "咖啡店.start"),
    (ONEDRAGON, "任务「体力刷本」节点「传送」\n运行「失败」状态「超时」", FAIL, "体力刷本.node"),
    (ONEDRAGON, "任务「体力刷本」节点「传送」\n运行「成功」", SUCCESS, "体力刷本.node"),
    (
        "",
        "任务「咖啡店」运行成功\n---\n任务「咖啡店」节点「a」\n运行「失败」",
        SUCCESS,
        "咖啡店.end",
    ),
    (ONEDRAGON, "一条龙运行完成：\n❌ 失败指令：a\n✅ 成功指令：b", FAIL, "onedragon.end"),
    (ONEDRAGON, "一条龙运行完成：\n全部成功✅\n✅ 成功指令：b", SUCCESS, "onedragon.end"),
    (ONEDRAGON, "一条龙运行完成：\n全部失败❌", FAIL, "onedragon.end"),
    # Alas: alas.py, module/campaign/run.py; StarRailCopilot: module/alas.py
    ("Alas <alas> crashed", "<alas> GamePageUnknownError", FAIL, "alas.error"),
    ("Alas <alas> crashed", "<alas> RequestHumanTakeover\nTask `Main` failed", FAIL, "alas.error"),
    ("Src <src> crashed", "<src> ScriptError", FAIL, "src.error"),
    ("Alas <alas> campaign finished", "<alas> 7-2 reached run count", SUCCESS, "alas.done"),
    ("Alas <alas>", "Script crashed: GameStuckError", FAIL, "alas.error"),
    # Uptime Kuma: server/model/monitor.js; Healthchecks; UptimeRobot
    ("Uptime-Kuma", "[NAS 网页] [🔴 Down] connect ECONNREFUSED", FAIL, "monitor.down"),
    ("", "UptimeKuma Alert: [NAS 网页] [✅ Up] 200 - OK", SUCCESS, "monitor.up"),
    (
        "Uptime-Kuma",
        "[NAS][https://a.example] intermediate certificate X will expire in 7 days",
        PARTIAL,
        "monitor.notice",
    ),
    ("夜间备份 is DOWN", "success signal did not arrive on time", FAIL, "monitor.down"),
    ("夜间备份 is UP", "", SUCCESS, "monitor.up"),
    ("", "Monitor is DOWN: NAS", FAIL, "monitor.down"),
    ("🔴 [NAS] went down", "refused", FAIL, "monitor.down"),
    ("NAS is back online", "200 - OK", SUCCESS, "monitor.up"),
    ("", "download is up to date", None, ""),
    # AUTO-MAS: tools/notify.py, AutoProxy.py, manager.py
    (MAS_TITLE.format("X"), "开始时间: x\nAUTO-MAS 敬上", FAIL, "automas.error"),
    (MAS_TITLE.format("√"), "开始时间: x\nAUTO-MAS 敬上", SUCCESS, "automas.done"),
    ("11-30 | M的自动代理任务报告", "已完成数: 2, 未完成数: 1\n\nx", FAIL, "automas.error"),
    ("11-30 | M的自动代理任务报告", "已完成数: 2, 未完成数: 10\n\nx", FAIL, "automas.error"),
    ("11-30 | M的自动代理任务报告", "已完成数: 2, 未完成数: 0\n\nx", SUCCESS, "automas.done"),
    ("喜报: 用户 小明 公招出六星啦！", "好羡慕~\nAUTO-MAS 敬上", SUCCESS, "automas.recruited"),
    # BetterGI's notifiers but the webhook
    ("", "自动秘境启动", SUCCESS, "domain.start"),
    ("", "自动秘境结束", SUCCESS, "domain.end"),
    ("", "自动幽境危战结束", SUCCESS, "domain.end"),
    ("", "自动秘境奖励领取", SUCCESS, "domain.reward"),
    ("", "存在角色死亡，复活后重试秘境...", FAIL, "domain.retry"),
    ("", "自动首领讨伐启动", SUCCESS, "AutoBoss"),
    ("", "一条龙启动", SUCCESS, "dragon.start"),
    ("", "配置组任务启动", SUCCESS, "dragon.start"),
    ("", "一条龙和配置组任务结束", SUCCESS, "dragon.end"),
    ("", "配置组采矿启动", SUCCESS, "group.start"),
    ("", "配置组采矿结束", SUCCESS, "group.end"),
    ("", "调度器任务出现未预期的异常，自动重启bgi", FAIL, "group.end"),
    ("", "自动七圣召唤启动", SUCCESS, "tcg.start"),
    ("", "自动七圣召唤结束", SUCCESS, "tcg.end"),
    ("", "自动音游专辑启动", SUCCESS, "album.start"),
    ("", "自动音游专辑结束", SUCCESS, "album.end"),
    ("", "自动音游专辑异常\n超时\n   at A.B()", FAIL, "album.error"),
    ("", "任务手动取消，或正常结束", SUCCESS, "task.cancel"),
    ("", "任务被手动取消", SUCCESS, "task.cancel"),
    ("", "任务执行异常\n超时\n   at A.B()", FAIL, "task.error"),
    ("", "未找到对应的地脉花策略", FAIL, "AutoLeyLineOutcrop"),
    ("", "检查每日奖励：已领取", SUCCESS, "daily.reward"),
    ("", "检查到每日奖励未领取，请手动查看！", FAIL, "daily.reward"),
    ("", "浓缩树脂 3；原粹树脂 40/200；每日委托奖励：已领取", SUCCESS, "daily.reward"),
    ("", "浓缩树脂 3；原粹树脂 40/200；每日委托奖励：未领取", FAIL, "daily.reward"),
    ("", "浓缩树脂识别失败；原粹树脂 40/200；每日委托奖励：已领取", PARTIAL, "daily.reward"),
    ("", "体力识别失败；每日委托奖励：已领取", PARTIAL, "daily.reward"),
    ("", "浓缩树脂 3；原粹树脂 40/200；委托状态识别失败", PARTIAL, "daily.reward"),
    ("BetterGI·更好的原神", "时间: 2026\n\n消息: 自动秘境结束", SUCCESS, "domain.end"),
    ("", "自动秘境结束了吗", None, ""),
]


@pytest.mark.parametrize(("title", "content", "result", "event"), PHRASES)
def test_a_tools_own_words_are_a_result_and_an_event(
    title: str, content: str, result: Result | None, event: str
) -> None:
    report = parse({"title": title, "content": content})
    assert (report.result, report.event) == (result, event)


@pytest.mark.parametrize(("title", "content", "result", "event"), PHRASES)
def test_the_words_are_shown_as_they_came(
    title: str, content: str, result: Result | None, event: str
) -> None:
    report = parse({"title": title, "content": content})
    assert report.content == content
    assert report.heading == (title or (content.partition("\n")[0] if event else ""))


def test_each_event_that_words_name_has_a_chinese_name() -> None:
    rows = {row.event for tool in TOOLS for row in tool.rows if "{app}" not in row.event}
    events = {event for event in rows if event.partition(".")[0] in GAME_TOOLS}
    assert len(events) > 10
    assert [event for event in events if Report(event=event).event_label == event] == []


@pytest.mark.parametrize("named", [{"event": "mine"}, {"result": "Success"}, {"result": "skipped"}])
def test_what_the_push_says_itself_counts_more(named: dict[str, str]) -> None:
    report = parse({"title": "任务出错: 理智作战", **named})
    assert report.event == named.get("event", "")
    assert report.result is not Result.FAIL


def test_the_words_count_whichever_way_they_come() -> None:
    words = f"{MARCH7TH}\n锄大地未完成"
    message = [{"type": "text", "data": {"text": words}}]
    sent = {"message_type": "private", "user_id": "10001", "message": message}
    assert onebot.read_send("send_msg", sent).result is Result.FAIL
    assert gotify.read_gotify({"title": MARCH7TH, "message": "锄大地未完成"}, {}).result is FAIL
    now = datetime.now().astimezone()
    report = ntfy.read_publish("games", {"title": MARCH7TH}, "锄大地未完成".encode(), {}, now)
    assert (report.result, report.event) == (FAIL, "games"), "the topic is the event"


def described(report: Report) -> list[str]:
    return [str(reading) for reading in report.readings]


@pytest.mark.parametrize(
    ("title", "content", "readings"),
    [
        (
            "任务已全部完成！\n(用时 1h 24m 13s)",
            "[1][2]完成任务: 理智作战\n理智: 12/135  \n"
            "1-7 掉落统计: \n固源岩 : 1,204 (+3)\n糖 : 4\n"
            "当前次数 是 : 多少\n理智将在 2026-12-01 06:30 回满。(17h 29m 后)",
            [
                "用时 1 小时 24 分",
                "理智 12/135，2026-12-01 06:30 回满",
                "掉落 1-7 固源岩 1204",
                "掉落 1-7 糖 4",
            ],
        ),
        ("任务已全部完成！", "理智會在 2026-12-01 06:30 回滿", ["理智 2026-12-01 06:30 回满"]),
        (
            "All task(s) completed!",
            "Sanity will be full at 2026-12-01 06:30 (in 3h 2m)",
            ["理智 2026-12-01 06:30 回满"],
        ),
        (
            "すべてのタスクが完了しました！",
            "(3h 2m 後)、2026-12-01 06:30 に理性が完全回復します。",
            ["理智 2026-12-01 06:30 回满"],
        ),
        (
            "모든 작업을 완료했습니다!",
            "2026-12-01 06:30에 이성이 모두 회복됩니다.",
            ["理智 2026-12-01 06:30 回满"],
        ),
        (
            MARCH7TH,
            "开拓力剩余120/300\n预计明天5时2分回满",
            ["开拓力 120/300，明天5时2分 回满"],
        ),
        (ONEDRAGON, "一条龙运行完成：\n当前体力：60/240\n全部成功✅", ["体力 60/240"]),
        (
            "11-30 | M的自动代理任务报告",
            f"{MAS_RESULT}已完成数: 2, 未完成数: 1\n\nx\nAUTO-MAS 敬上",
            ["已完成 2", "未完成 1", "用时 30 分"],
        ),
        (
            MAS_TITLE.format("√"),
            "开始时间: 2026-11-30 04:00:00\n结束时间: 2026-11-30 05:00:00\n理智剩余: 5\n"
            "回复时间: 理智将在 2026-12-01 06:30 回满。(17h 29m 后)\n"
            "MAA执行结果: 代理任务全部完成\n"
            "招募统计:\n  4★: 2\n掉落统计（1-7）:\n  固源岩: 3\n  糖: 1\nAUTO-MAS 敬上",
            [
                "理智 5，2026-12-01 06:30 回满",
                "用时 1 小时",
                "掉落 1-7 固源岩 3",
                "掉落 1-7 糖 1",
                "招募 4★ 2",
            ],
        ),
        (
            "",
            "浓缩树脂 3；原粹树脂 40/200；每日委托奖励：未领取",
            ["浓缩树脂 3", "原粹树脂 40/200", "每日委托奖励 未领取"],
        ),
    ],
)
def test_figures_are_read_out_of_the_words(title: str, content: str, readings: list[str]) -> None:
    report = parse({"title": title, "content": content})
    assert described(report) == readings
    assert restore(dump(report).decode()).readings == report.readings


def test_bettergis_own_webhook_has_figures_too() -> None:
    report = parse({"event": "daily.reward", "result": 1, "message": "浓缩树脂 3；原粹树脂 40/200"})
    assert described(report) == ["浓缩树脂 3", "原粹树脂 40/200"]
    assert (report.event, report.result, report.title) == ("daily.reward", FAIL, "")


def test_a_moment_is_one_and_words_are_words() -> None:
    (sanity,) = parse({"title": "MAA", "content": "理智将在 2026-12-01 06:30 回满"}).readings
    assert isinstance(sanity.full_at, datetime)
    assert sanity.full_at.tzinfo is not None
    (power,) = parse({"title": MARCH7TH, "content": "开拓力剩余9/300\n预计今天1时2分回满"}).readings
    assert power.full_at == "今天1时2分"


def test_no_more_figures_are_kept_than_a_report_may_have() -> None:
    drops = "".join(f"  材料{number}: 1\n" for number in range(MAX_READINGS + 20))
    report = parse({"title": MAS_TITLE.format("√"), "content": f"掉落统计（1-7）:\n{drops}"})
    assert len(report.readings) == MAX_READINGS


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    words = "\n" * 3 + "字" * MAX_WORDS + "\n任务「咖啡店」运行失败"
    assert parse({"title": ONEDRAGON, "content": words}).result is None


@pytest.mark.parametrize(
    "stored",
    [
        '{"readings": 1}', '{"readings": [1]}', '{"readings": [{"name": 1}]}',
        '{"readings": [{"name": "drop", "value": "1"}]}',
        '{"readings": [{"name": "\\ud800"}]}',
    ],
)  # fmt: skip
def test_figures_that_were_not_dumped_are_no_report(stored: str) -> None:
    with pytest.raises(ValueError, match=r"not what was dumped|surrogates"):
        restore(stored)


@given(
    st.lists(
        st.sampled_from([
            MARCH7TH, "AUTO-MAS 敬上", "任务「", "」运行", "任务已全部完成！", "理智: 1/2",
            "未完成数: ", "掉落统计（", "）:", "\n", "  a: 1", "{app}", "{", "}", "9" * 30, " ",
            "开拓力剩余1/300", "预计", "Alas <", "> crashed",
            "开始时间: 9999-99-99 04:00:00, 结束时间: 2026-11-30 04:30:00",
        ])
    )
)  # fmt: skip
def test_no_words_are_too_much(pieces: list[str]) -> None:
    report = parse({"title": "x", "content": "".join(pieces)})
    assert restore(dump(report).decode()).readings == report.readings


def test_a_blank_line_does_not_end_a_list() -> None:
    drops = "1-7 掉落统计: \n固源岩 : 1,204 (+3)\n \n糖 : 4"
    report = parse({"title": "任务已全部完成！", "content": drops})
    assert described(report) == ["掉落 1-7 固源岩 1204", "掉落 1-7 糖 4"]


def test_a_number_that_is_too_long_is_no_figure() -> None:
    words = f"浓缩树脂 {'9' * 400}；原粹树脂 40/200"
    report = parse({"event": "daily.reward", "result": 1, "message": words})
    assert described(report) == ["原粹树脂 40/200"]
