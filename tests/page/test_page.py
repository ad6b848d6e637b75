"""The page as its users meet it: in a real browser, beside a real bot and a real OneBot."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, expect
from websockets.exceptions import InvalidStatus

from tests.bot import TOKEN, Bot, running
from tests.integration.test_channels import encoded
from tests.integration.test_cli import command
from tests.integration.test_commands import FRIEND, OWNER, bound_token
from tests.onebot import Fail, ScriptedV11
from tests.senders.service import make_image

from .browser import NARROW, PHONE, SIZES, come_in, link, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOT = encoded(make_image(640, 360).data)
EVIL = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    "<svg onload=\"document.title='owned'\"><style>*{display:none}</style>"
    "\u202egnp.exe\u202c \u200b\u200d\ufeff [CQ:at,qq=all] javascript:alert(1)"
)


def report(page: Page, text: str) -> Any:
    """The report on the page that says something."""
    return page.locator("article.report", has_text=text)


async def in_sight(page: Page) -> None:
    """Nothing is wider than the window."""
    wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, await page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right >"
        " innerWidth).map(one => one.outerHTML.slice(0, 80))"
    )


@pytest.mark.parametrize("size", SIZES)
async def test_a_new_user_goes_from_the_checklist_to_the_first_report_with_its_picture(
    tmp_path: Path, browser: Browser, size: str
) -> None:
    async with running(tmp_path) as bot, opened(browser, SIZES[size]) as page:
        await page.goto(bot.url)
        await page.get_by_label("令牌").fill("wrong")
        await page.get_by_role("button", name="进入").click()
        await expect(page.get_by_role("alert")).to_have_text("令牌不正确")
        await page.get_by_label("令牌").fill(TOKEN)
        await page.get_by_role("button", name="进入").click()
        await expect(page.get_by_text("还没有推送")).to_be_visible()
        await page.get_by_role("link", name="设置").click()
        step = page.locator(".steps li", has_text="连上 QQ 机器人")
        await expect(step).to_contain_text(bot.onebot_v11)
        await expect(step).not_to_have_class(re.compile("done"))
        async with ScriptedV11(url=bot.onebot_v11) as qq:
            await expect(step).to_have_class(re.compile("done"), timeout=15000)
            await expect(page.locator(".copied").first).to_contain_text(f"{bot.url}?token={TOKEN}")
            await bot.push(event="domain.end", result=0, message="第一条", screenshot=SHOT)
            await qq.wait_for(1)
            await expect(page.get_by_role("heading", name="都设置好了")).to_be_visible(
                timeout=15000
            )
            await page.get_by_role("button", name="发一条测试推送").click()
            await expect(page.get_by_text(re.compile("✅ QQ 10001.*送达"))).to_be_visible()
            await page.get_by_role("link", name="历史").click()
            first = report(page, "第一条")
            await expect(first).to_contain_text("自动秘境结束")
            await expect(first.get_by_text("✅ 送达")).to_be_visible()
            small = first.get_by_role("button", name="放大：图片 1，共 1 张")
            await expect(small.locator("img")).to_have_js_property("complete", value=True)
            assert await small.locator("img").evaluate("one => one.naturalWidth") > 100
            await small.click()
            whole = page.get_by_role("dialog", name="图片").get_by_role("img")
            await expect(whole).to_have_js_property("naturalWidth", 640)
            await page.keyboard.press("Escape")
            await expect(small).to_be_focused()
        await in_sight(page)


async def test_what_the_doctor_finds_is_on_the_page_with_its_mends(
    tmp_path: Path, browser: Browser
) -> None:
    settings = {
        "report_tokne": "x", "report_bind": ["friends"], "onebot_access_token": "right",
        "superusers": ["10002"], "report_token": "short",
    }  # fmt: skip
    async with running(tmp_path, settings=settings) as bot, opened(browser, PHONE) as page:
        wrong = ScriptedV11(url=bot.onebot_v11, access_token="wrong")
        with pytest.raises(InvalidStatus):
            await wrong.connect()
        await page.goto(bot.url)
        await page.get_by_label("令牌").fill("short")
        await page.get_by_role("button", name="进入").click()
        await page.get_by_role("link", name="设置").click()
        checks = page.get_by_role("region", name="检查")
        for found, mend in {
            "不认识设置 REPORT_TOKNE": "检查拼写",
            "有令牌不到": "随机字符",
            "别的电脑可能连不上": "REPORT_PUBLIC_URL",
            "因为 Token 不对被拒绝了": "ONEBOT_ACCESS_TOKEN",
            "没有 QQ 机器人连接": bot.onebot_v11,
        }.items():
            await expect(checks.get_by_role("listitem").filter(has_text=found)).to_contain_text(
                mend
            )
        told = checks.locator(".checks").first.locator(".words")
        _, said = await command(bot.folder, "doctor", "--no-send")
        for one in await told.all_text_contents():
            assert one.strip() in said, "the page and the doctor find the same"
        async with ScriptedV11(url=bot.onebot_v11, access_token="right") as qq:
            qq.friends = [{"user_id": 1}]
            await expect(checks).not_to_contain_text("没有 QQ 机器人连接", timeout=15000)
            await expect(checks).to_contain_text("10002 不是机器人的好友")
            await checks.get_by_text("项没有问题").click()
            await expect(checks).to_contain_text("QQ 机器人 10000（OneBot V11）在线")
        await in_sight(page)


async def test_what_comes_is_there_at_once_and_changes_with_its_state(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        qq.behave(Fail(1200, "被风控"))
        await bot.push(content="正在看的时候来的")
        here = report(page, "正在看的时候来的")
        await expect(here).to_be_visible()
        await expect(here.get_by_text("✅ 送达")).to_be_visible(timeout=15000)
        assert await here.count() == 1


async def test_it_says_when_the_connection_is_lost_and_catches_up(
    tmp_path: Path, browser: Browser
) -> None:
    async with (
        running(tmp_path) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
        opened(browser, PHONE) as page,
    ):
        await come_in(page, bot, qq, OWNER)
        await bot.end()
        await expect(page.get_by_text("连接断了")).to_be_visible()
        await bot.start()
        await bot.push(content="断线的时候来的", send_to_group=777)
        await expect(report(page, "断线的时候来的")).to_be_visible(timeout=20000)
        await expect(page.get_by_text("连接断了")).not_to_be_visible()


async def test_it_says_so_on_every_tab_that_looks_again_by_itself(
    tmp_path: Path, browser: Browser
) -> None:
    async with (
        running(tmp_path) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
        opened(browser, PHONE) as page,
    ):
        await come_in(page, bot, qq, OWNER)
        for tab, there in (("概况", "机器人"), ("设置", "试一试")):
            await page.get_by_role("link", name=tab).click()
            await expect(page.get_by_role("heading", name=there, exact=True)).to_be_visible()
            await bot.end()
            await expect(page.locator("#connection")).to_contain_text("正在重", timeout=15000)
            await expect(page.get_by_role("heading", name=there, exact=True)).to_be_visible()
            await bot.start()
            await expect(page.locator("#connection")).to_be_empty(timeout=20000)


async def test_a_menu_is_opened_and_left_by_keys_and_by_touching_something_else(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    pushed = await bot.push(content="有菜单的", send_to_group=777)
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        here = page.locator(f"#r-{pushed['id']}")
        again = here.get_by_role("button", name="再发一次")
        await here.get_by_label("能对它做的").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(again).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(again).not_to_be_visible()
        await expect(here.get_by_label("能对它做的")).to_be_focused()
        await here.get_by_label("能对它做的").tap()
        await expect(again).to_be_visible()
        await here.get_by_text("有菜单的").tap()
        await expect(again).not_to_be_visible()


async def test_a_link_that_is_used_up_says_so_and_who_is_in_stays_in(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    used = (await link(qq, OWNER)).partition("#")[2]
    async with opened(browser, PHONE) as page:
        await page.goto(f"{bot.url}/#{used}")
        await page.get_by_role("link", name="历史").wait_for()
        assert used not in page.url
        await page.goto("about:blank")
        await page.goto(f"{bot.url}/#{used}")
        await page.get_by_role("link", name="历史").wait_for()
    async with opened(browser, PHONE) as page:
        await page.goto(f"{bot.url}/#{used}")
        await expect(page.get_by_role("alert")).to_contain_text("链接用过了")


async def test_who_is_put_out_elsewhere_is_told_so(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    async with opened(browser, PHONE) as page, opened(browser, PHONE) as other:
        await come_in(page, bot, qq, OWNER)
        await come_in(other, bot, qq, OWNER)
        await other.get_by_role("link", name="设置").click()
        mine = other.locator(".browsers li")
        await mine.first.wait_for()
        for _ in range(await mine.count() - 1):
            before = await mine.count()
            await mine.filter(has_not_text="这一个").first.get_by_role("button").click()
            await expect(mine).to_have_count(before - 1)
        await expect(page.get_by_role("alert")).to_contain_text("被退出了")


async def test_an_open_page_does_not_keep_the_bot_from_ending(
    tmp_path: Path, browser: Browser
) -> None:
    async with (
        running(tmp_path) as bot,
        ScriptedV11(url=bot.onebot_v11) as qq,
        opened(browser, PHONE) as page,
    ):
        async with page.expect_response(re.compile("/live")):
            await come_in(page, bot, qq, OWNER)
        await bot.end()


async def test_a_report_is_sent_again_to_others_and_deleted(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    pushed = await bot.push(content="要重发的", screenshot=SHOT)
    await bot.until_state(pushed["id"], "delivered")
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        here = page.locator(f"#r-{pushed['id']}")
        before = len(qq.messages)
        await here.get_by_label("能对它做的").click()
        await here.get_by_role("button", name="再发一次").click()
        (again,) = (await qq.wait_for(before + 1))[before:]
        assert (again.target, "要重发的" in again.text) == (f"private:{OWNER}", True)
        assert again.images == [make_image(640, 360).data]
        await here.get_by_label("能对它做的").click()
        await here.get_by_role("button", name="发给别人…").click()
        await page.get_by_role("dialog").get_by_label("发给谁").fill("group:778")
        await page.keyboard.press("Enter")
        await expect(here.get_by_label("能对它做的")).to_be_focused()
        (other,) = (await qq.wait_for(before + 2))[before + 1 :]
        assert (other.target, other.images) == ("group:778", again.images)
        await here.get_by_label("能对它做的").click()
        await here.get_by_role("button", name="删除…").click()
        await page.get_by_role("dialog").get_by_role("button", name="删除").click()
        await expect(here).to_have_count(0)
    async with bot.client() as client:
        assert (await client.get(f"/{pushed['id']}")).status_code == 404


async def test_what_is_done_on_one_page_is_seen_on_the_others(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    token = await bound_token(qq)
    async with bot.client(token) as client:
        of_friend = (await client.post("", json={"content": "两边都开着"})).json()["id"]
    await bot.until_state(of_friend, "delivered")
    async with (
        opened(browser, PHONE) as page,
        opened(browser, PHONE) as other,
        opened(browser, PHONE) as friends,
    ):
        await come_in(page, bot, qq, OWNER)
        await come_in(other, bot, qq, OWNER)
        await come_in(friends, bot, qq, FRIEND)
        pages = [one.locator(f"#r-{of_friend}") for one in (page, other, friends)]
        here, there, at_friends = pages
        for one in pages:
            await expect(one).to_be_visible()
        before = await report(other, "两边都开着").count()
        await here.get_by_label("能对它做的").click()
        await here.get_by_role("button", name="再发一次").click()
        await expect(report(other, "两边都开着")).to_have_count(before + 1)
        await here.get_by_label("能对它做的").click()
        await here.get_by_role("button", name="删除…").click()
        await page.get_by_role("dialog").get_by_role("button", name="删除").click()
        for one in (there, at_friends):
            await expect(one).to_have_count(0)
        for one in (page, other):
            await one.get_by_role("link", name="概况").click()
            await expect(one.get_by_text("没有静音的")).to_be_visible()
        # It is told; nobody has to ask.
        await other.evaluate("for (let id = 0; id < 999; id++) clearInterval(id)")
        await page.get_by_label("静音谁").select_option(f"private:{OWNER}")
        await page.get_by_role("button", name="静音", exact=True).click()
        await expect(other.get_by_text("🔕 QQ 10001 静音到")).to_be_visible()
        await page.get_by_role("button", name="取消静音").click()
        await expect(other.get_by_text("没有静音的")).to_be_visible()


async def test_what_is_deleted_while_nobody_looks_is_gone_when_somebody_does(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    kept = await bot.push(content="还在的", send_to_group=777)
    gone = await bot.push(content="不在了的", send_to_group=777)
    for one in (kept, gone):
        await bot.until_state(one["id"], "delivered")
    async with opened(browser, PHONE) as page, opened(browser, PHONE) as other:
        await come_in(page, bot, qq, OWNER)
        await expect(report(page, "不在了的")).to_be_visible()
        await show_as(page, hidden=True)
        await come_in(other, bot, qq, OWNER)
        here = other.locator(f"#r-{gone['id']}")
        await here.get_by_label("能对它做的").click()
        await here.get_by_role("button", name="删除…").click()
        await other.get_by_role("dialog").get_by_role("button", name="删除").click()
        await expect(here).to_have_count(0)
        await expect(report(page, "不在了的")).to_have_count(1)
        await show_as(page, hidden=False)
        await expect(report(page, "不在了的")).to_have_count(0)
        await expect(report(page, "还在的")).to_be_visible()


async def show_as(page: Page, *, hidden: bool) -> None:
    """Let a page believe that nobody sees it, as headless Chromium shows all of them."""
    await page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true"
        " }); document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


async def test_a_target_is_muted_and_unmuted(bot: Bot, qq: ScriptedV11, browser: Browser) -> None:
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        await page.get_by_role("link", name="概况").click()
        await page.get_by_label("静音谁").select_option(f"private:{OWNER}")
        await page.get_by_role("button", name="静音", exact=True).click()
        await expect(page.get_by_text("🔕 QQ 10001 静音到")).to_be_visible()
        held = await bot.push(content="攒着")
        (delivery,) = await bot.until_state(held["id"], "waiting")
        assert delivery["reason"] == "已静音"
        await page.get_by_role("button", name="取消静音").click()
        await expect(page.get_by_text("没有静音的")).to_be_visible()
        await bot.until_state(held["id"], "delivered")


async def test_words_are_found_by_their_parts_and_filters_narrow_it_down(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    await bot.push(title="蒙德城的传送点", event="album.end", result=1, send_to_group=779)
    await bot.push(title="Müller war hier", event="album.start", send_to_group=779)
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        await expect(report(page, "Müller")).to_be_visible()
        for words in ("传送", "城的", "点"):
            await page.get_by_label("在文字里找").fill(words)
            await page.get_by_role("button", name="找", exact=True).click()
            await expect(report(page, "蒙德城")).to_be_visible()
            await expect(report(page, "Müller")).to_have_count(0)
        await page.get_by_role("button", name="“点” ✕").click()
        await page.get_by_role("button", name="筛选").click()
        await page.get_by_label("事件", exact=True).select_option("album.start")
        await expect(report(page, "Müller")).to_be_visible()
        await expect(report(page, "蒙德城")).to_have_count(0)
        await page.get_by_label("事件", exact=True).select_option("")
        await page.get_by_label("结果", exact=True).select_option("1")
        await expect(report(page, "蒙德城")).to_be_visible()
        await expect(report(page, "Müller")).to_have_count(0)
        async with page.expect_download() as started:
            await page.get_by_role("link", name="表格（CSV）").click()
        table = (await (await started.value).path()).read_text("utf-8-sig")
        assert "蒙德城的传送点" in table
        assert "Müller" not in table


async def test_two_users_do_not_see_each_other(bot: Bot, qq: ScriptedV11, browser: Browser) -> None:
    token = await bound_token(qq)
    await bot.push(content="主人的")
    async with bot.client(token) as client:
        await client.post("", json={"content": "朋友的"})
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, FRIEND)
        await expect(report(page, "朋友的")).to_be_visible()
        await expect(report(page, "主人的")).to_have_count(0)
        await expect(page.get_by_role("link", name="规则")).to_have_count(0)
        await bot.push(content="又是主人的")
        async with bot.client(token) as client:
            await client.post("", json={"content": "又是朋友的"})
        await expect(report(page, "又是朋友的")).to_be_visible()
        await expect(report(page, "又是主人的")).to_have_count(0)
        for tab in ("概况", "设置"):
            await page.get_by_role("link", name=tab).click()
            await expect(page.locator("main h2").first).to_be_visible()
            assert TOKEN not in await page.content()


async def test_the_figures_in_a_tools_words_are_below_them(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    pushed = await bot.push(title="任务已全部完成！", content="理智: 3/135")
    async with opened(browser, NARROW) as page:
        await come_in(page, bot, qq, OWNER)
        here = page.locator(f"#r-{pushed['id']}")
        await here.get_by_role("button", name="展开全文").click()
        await expect(here).to_contain_text("读出：理智 3/135")


async def test_hostile_reports_are_nothing_but_words(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    pushed = await bot.push(
        title=EVIL, content=EVIL, event=EVIL[:60], result="<b>ok</b>", data={"x": EVIL},
        send_to_group=777,
    )  # fmt: skip
    async with opened(browser, NARROW) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await come_in(page, bot, qq, OWNER)
        here = page.locator(f"#r-{pushed['id']}")
        await expect(here).to_contain_text("<img src=x onerror=")
        await page.goto(f"{bot.url}/#r={pushed['id']}")
        await expect(here).to_contain_text("<script>")
        await here.get_by_role("button", name="展开全文").click()
        await here.get_by_text("附带的数据").click()
        await expect(here.locator("pre")).to_contain_text("onload")
        assert await page.title() == "历史 · 推送"
        assert await page.locator("article img, article script, article style").count() == 0
        assert {re.match(r"\w+://[^/]+", url)[0] for url in asked} == {  # pyright: ignore[reportOptionalSubscript] - every URL begins so
            f"http://127.0.0.1:{bot.port}"
        }
        await in_sight(page)
        await page.get_by_role("link", name="规则").click()
        await page.get_by_role("button", name="试一试").click()
        await expect(page.locator(".tried")).to_contain_text("<img src=x")
        assert await page.title() == "规则 · 推送"


async def test_long_words_umlauts_emoji_and_twenty_pictures_look_right(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    words = "Größenwahn 🎉 " + "W" * 300 + "很长的一段文字，" * 450
    pictures = [encoded(make_image(64 + number, 36).data) for number in range(20)]
    pushed = await bot.push(content=words[:4000], screenshots=pictures, send_to_group=777)
    async with opened(browser, NARROW) as page:
        await come_in(page, bot, qq, OWNER)
        here = page.locator(f"#r-{pushed['id']}")
        await expect(here.locator("img")).to_have_count(20)
        await here.get_by_role("button", name="展开全文").click()
        await expect(here.locator(".text")).to_have_text(words[:4000])
        await here.locator(".picture").nth(18).click()
        viewer = page.get_by_role("dialog", name="图片")
        await expect(viewer).to_contain_text("19 / 20")
        await page.keyboard.press("ArrowRight")
        await expect(viewer.get_by_role("img")).to_have_js_property("naturalWidth", 64 + 19)
        await page.mouse.move(250, 400)
        await page.mouse.down()
        await page.mouse.move(60, 405, steps=4)
        await page.mouse.up()
        await expect(viewer).to_contain_text("1 / 20")
        await page.mouse.dblclick(160, 300)
        await expect(viewer.get_by_role("img")).to_have_attribute("style", re.compile("scale.3"))
        await viewer.get_by_role("button", name="关闭").click()
        await in_sight(page)


async def test_fingers_swipe_from_picture_to_picture_pinch_pan_and_put_it_away(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    pictures = [encoded(make_image(64 + number, 36).data) for number in range(3)]
    pushed = await bot.push(content="划", screenshots=pictures, send_to_group=777)
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        await page.locator(f"#r-{pushed['id']} .picture").first.tap()
        viewer = page.get_by_role("dialog", name="图片")
        image = viewer.get_by_role("img")
        await expect(viewer).to_contain_text("1 / 3")
        await drag(page, [(300, 400)], [(90, 410)])
        await expect(viewer).to_contain_text("2 / 3")
        await expect(image).to_have_js_property("naturalWidth", 65)
        await drag(page, [(90, 400)], [(300, 410)])
        await expect(viewer).to_contain_text("1 / 3")
        await drag(page, [(200, 300)], [(170, 320)])
        await expect(viewer).to_contain_text("1 / 3")

        await drag(page, [(180, 422), (210, 422)], [(75, 422), (315, 422)])
        wide = await zoomed(image)
        assert wide == MOST_ZOOM, "the fingers are eight times as far apart"
        before = await middle(image)
        await drag(page, [(200, 400)], [(260, 440)])
        after = await middle(image)
        assert after == pytest.approx((before[0] + 60, before[1] + 40), abs=1)
        await expect(viewer).to_contain_text("1 / 3")
        assert await zoomed(image) == wide, "what is large is moved, not left"
        await drag(page, [(95, 422), (295, 422)], [(175, 422), (215, 422)])
        assert await zoomed(image) == pytest.approx(wide / 5, abs=0.1)
        await drag(page, [(95, 422), (295, 422)], [(185, 422), (205, 422)])
        assert await zoomed(image) == 1

        for _ in range(2):
            await page.touchscreen.tap(100, 300)
        await expect(image).to_have_attribute("style", re.compile("scale.3"))
        for _ in range(2):
            await page.touchscreen.tap(100, 300)
        await expect(image).to_have_attribute("style", re.compile("scale.1"))
        await drag(page, [(200, 300)], [(205, 600)])
        await expect(viewer).to_have_count(0)


MOST_ZOOM = 8
Points = list[tuple[float, float]]


async def drag(page: Page, start: Points, end: Points) -> None:
    """Put fingers on the screen, move them, and lift them again."""
    session = await page.context.new_cdp_session(page)

    async def touch(kind: str, points: Points) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    await touch("touchStart", start)
    for step in range(1, 6):
        moved = [
            (a[0] + (b[0] - a[0]) * step / 5, a[1] + (b[1] - a[1]) * step / 5)
            for a, b in zip(start, end, strict=True)
        ]
        await touch("touchMove", moved)
    await touch("touchEnd", [])
    await session.detach()


async def zoomed(image: Locator) -> float:
    """How much larger a picture is shown than it fits."""
    return await image.evaluate("one => one.getBoundingClientRect().width / one.offsetWidth")


async def middle(image: Locator) -> tuple[float, float]:
    """Where the middle of a picture is."""
    box = await image.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_rules_are_tried_on_what_came_and_change_nothing(
    bot: Bot, qq: ScriptedV11, browser: Browser
) -> None:
    await bot.push(content="试规则的", event="js.error")
    async with opened(browser, PHONE) as page:
        await come_in(page, bot, qq, OWNER)
        await page.get_by_role("link", name="规则").click()
        rules = page.get_by_label("规则（JSON）")
        await expect(rules).not_to_have_value("")
        await rules.fill('[{"event": "js.*", "too": "group:777"}]')
        await page.get_by_role("button", name="试一试").click()
        await expect(page.locator(".tried")).to_contain_text("第 1 条的 too：没有这个设置")
        await rules.fill('[{"event": "js.*", "to": "group:777", "urgent": true}]')
        await page.get_by_role("button", name="试一试").click()
        tried = page.locator(".tried article", has_text="JS运行时错误")
        await expect(tried).to_contain_text("当时：QQ 10001")
        await expect(tried).to_contain_text("现在：群 777（符合第 1 条）")
        await expect(page.locator(".tried article").first).to_have_class(re.compile("changed"))
        await tried.get_by_text("发出的文字").click()
        await expect(tried).to_contain_text("紧急：不等免打扰")
    same = await bot.push(content="还是老样子", event="js.error")
    assert same["deliveries"] == [{"target": f"private:{OWNER}"}]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_use_it(
    bot: Bot, qq: ScriptedV11, browser: Browser, scheme: str
) -> None:
    await bot.push(content="x", event="domain.end", result=2, screenshot=SHOT)
    axe = Axe()
    async with opened(browser, {**PHONE, "color_scheme": scheme}) as page:
        await page.goto(bot.url)
        await page.get_by_label("令牌").wait_for()
        found = await axe.run(page)
        assert found.violations_count == 0, found.generate_report()
        await come_in(page, bot, qq, OWNER)
        for tab, there in (
            ("历史", "article"), ("概况", "figure"), ("设置", ".browsers li"), ("规则", "form"),
        ):  # fmt: skip
            await page.get_by_role("link", name=tab, exact=True).click()
            await page.locator(there).first.wait_for()
            if tab == "历史":
                await page.get_by_role("button", name="筛选").click()
                await page.get_by_label("日期").wait_for()
            found = await axe.run(page)
            assert found.violations_count == 0, found.generate_report()
            await in_sight(page)
