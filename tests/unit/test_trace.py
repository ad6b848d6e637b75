"""Stack traces are folded: the exception's own words stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_plugin_report.model.trace import LEAST, fold_traces

NOTE = "发 /推送 详情 1"
DOTNET = """任务执行异常
未能找到秘境入口
   at BetterGenshinImpact.GameTask.AutoDomainTask.Start(CancellationToken ct) in D:\\a.cs:line 131
   at BetterGenshinImpact.GameTask.TaskRunner.RunCurrentAsync(Func`1 action)
--- End of stack trace from previous location ---
   at BetterGenshinImpact.GameTask.TaskRunner.<RunThreadAsync>b__0(Object o)"""
DOTNET_ZH = """任务执行异常
对象未设置
   在 BetterGenshinImpact.GameTask.TaskRunner.Run() 位置 D:\\a\\TaskRunner.cs:行号 97
--- 引发异常的上一位置中堆栈跟踪的末尾 ---
   在 System.Threading.Tasks.Task.Execute()"""
JAVA = """java.lang.IllegalStateException: 没有登录
\tat com.example.Bot.login(Bot.java:12)
\tat com.example.Main.main(Main.java:3)
Caused by: java.io.IOException: reset
\tat com.example.Net.read(Net.java:7)
\t... 2 more
重试中"""
NODE = """TypeError: x is not a function
    at run (/srv/app/index.js:10:5)
    at Object.<anonymous> (/srv/app/index.js:20:1)
    at node:internal/main/run_main_module:23:47"""
PYTHON = """运行失败
Traceback (most recent call last):
  File "a.py", line 1, in <module>
    run()
    ^^^^^
  File "b.py", line 2, in run
    raise ValueError("坏了")
ValueError: 坏了"""
CHAINED = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
    run()
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in <module>
    stop()
RuntimeError: 停不下来"""


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (DOTNET, f"任务执行异常\n未能找到秘境入口\n…另有 4 行，{NOTE}"),
        (DOTNET_ZH, f"任务执行异常\n对象未设置\n…另有 3 行，{NOTE}"),
        (JAVA, f"java.lang.IllegalStateException: 没有登录\n…另有 5 行，{NOTE}\n重试中"),
        (NODE, f"TypeError: x is not a function\n…另有 3 行，{NOTE}"),
        (PYTHON, f"运行失败\n…另有 6 行，{NOTE}\nValueError: 坏了"),
        (CHAINED, f"…另有 10 行，{NOTE}\nRuntimeError: 停不下来"),
        (f"{NODE}\n\n{PYTHON}", "TypeError: x is not a function\n\n运行失败\n"
         f"…另有 9 行，{NOTE}\nValueError: 坏了"),
    ],
)  # fmt: skip
def test_a_traces_calls_are_left_out_and_counted(text: str, folded: str) -> None:
    assert fold_traces(text, NOTE).text == folded
    assert fold_traces(text.replace("\n", "\r\n").replace("\r", ""), NOTE).text == folded


@pytest.mark.parametrize(
    "text",
    [
        "一行",
        "在 3 点（下午）\n完成了",
        "at first (a)",
        "看日志：\n   at A.B(String c)\n就这一行",
        "Traceback 是什么\n不知道",
        "--- 分隔 ---\n--- 分隔 ---",
        "在 1 点开始\n在 2 点结束\n在 3 点再来",
        "在 10:30 完成\n在 11:20:30",
        "at 10:30:20\nat 11:00:00",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert fold_traces(text, NOTE).text == text


def test_a_line_alone_is_not_folded() -> None:
    assert LEAST == 2
    assert fold_traces("Traceback (most recent call last):\nx", NOTE).lines == 0


@given(
    st.lists(
        st.sampled_from([
            "   at A.B()", "在 A.B()", "Traceback (most recent call last):", "  x", "E: y", "",
            "During handling of the above exception, another exception occurred:", "... 2 more",
            "--- x ---", "字",
        ])
    )
)  # fmt: skip
def test_what_is_not_counted_is_still_there(lines: list[str]) -> None:
    folded = fold_traces("\n".join(lines), "")
    kept = [line for line in folded.text.split("\n") if not line.startswith("…另有")]
    assert len(kept) + folded.lines == max(1, len(lines))


def test_thousands_of_exceptions_that_led_to_each_other_are_folded() -> None:
    one = "Traceback (most recent call last):\n  x\nE: y\n\n" + (
        "During handling of the above exception, another exception occurred:\n\n"
    )
    assert (
        fold_traces(one * 3000 + "Traceback (most recent call last):\n  x\nE: z", "").lines > 9000
    )
