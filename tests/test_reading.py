"""A document beside the answer: its HTML as literal cases, and the panel in a real Chromium."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from browser import ask, in_view, page_at, said, tab_to, until
from payloads import PAYLOADS
from screens import some_views, views
from shelf import hostile, law, plan, scanned

from rag.records import Document, Provision
from ui.escape import address, anchor
from ui.read import caption, reading

slow = pytest.mark.slow
TOP = "document.querySelector('.ty-law .ty-body').scrollTop"


def html_of(document: Document, lang: str = "zh", *others: Document) -> str:
    titles = {other.title: other for other in others}
    return reading(document, lang, titles.get)


def body_of(html: str) -> str:
    return html[html.index('<div class="ty-body">') :]


def text_of(html: str) -> str:
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]+>", "", html)))


def bare(text: str) -> str:
    """`text` without spaces, the signs of Markdown, and what is not shown at all."""
    return re.sub(r"\s", "", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]|(?m:^#+ )|\*\*", "", text))


@pytest.mark.parametrize("document", [plan(), law(40), scanned(), hostile()], ids=lambda d: d.doc_id[:4])
def test_every_provision_is_there_under_its_path_and_no_word_is_lost(document: Document) -> None:
    html = html_of(document)
    assert re.findall(r' id="([^"]+)"', html) == [anchor(p.path) for p in document.provisions]
    shown = text_of(body_of(html))
    for provision in document.provisions:
        assert bare(document.text_of(provision)) in shown, provision.path


def test_what_begins_a_line_is_a_block_and_the_rest_runs_on() -> None:
    text = "第一条　总述：\n（一）甲；\n（二）乙。丙。"
    first = (("article", "1"),)
    spans = [("item", "1", "（一）甲；"), ("item", "2", "（二）乙。丙。")]
    items = [Provision((*first, (k, n)), text.index(t), text.index(t) + len(t)) for k, n, t in spans]
    document = Document("d", "法", "zh", "statute", "f.md", text, (Provision(first, 0, len(text)), *items))
    html = html_of(document)
    assert (
        '<b class="ty-number">第一条</b>　总述：<span class="ty-item ty-block" id="article/1/item/1">（一）甲；' in html
    )
    assert '<span class="ty-sentence" id="article/6/sentence/2">依法' in html_of(plan())


def test_headings_stand_once_above_the_articles_they_head_and_fold_in_the_outline() -> None:
    html = html_of(law(62))
    body = body_of(html)
    assert re.findall(r"<h(\d) class=\"ty-heading\">([^<]+)", body) == [
        ("3", "第一编　甲编"), ("4", "第一章　事项1"), ("4", "第二章　事项2"), ("4", "第三章　事项3"),
    ]  # fmt: skip
    outline = html[: html.index('<div class="ty-body">')]
    assert re.findall(r"<summary>([^<]+)", outline) == ["第一编 甲编", "第一章 事项1", "第二章 事项2", "第三章 事项3"]
    assert outline.count("<a ") == 62
    assert outline.count("<ul>") == outline.count("</ul>") == 5


def test_a_reference_leads_to_its_provision_here_or_in_another_document_and_nowhere_else() -> None:
    document = law(1166)
    there = '<a class="ty-ref" href="?read=ffffffffffff-1&#38;at=article/3">第三条</a>'
    assert there.replace("第三条", "本法第三条") in html_of(document)
    other = '<a class="ty-ref" href="?read=plan&#38;at=article/7">《人工智能全球治理行动计划》第七条</a>'
    assert other in html_of(document, "zh", plan())
    assert "《人工智能全球治理行动计划》第七条" in html_of(document)
    assert other not in html_of(document)


@pytest.mark.parametrize(("lang", "pages"), [("zh", ["第 1 页", "第 2 页"]), ("en", ["page 1", "page 2"])])
def test_where_a_page_of_the_file_begins_its_number_stands(lang: str, pages: list[str]) -> None:
    html = html_of(scanned(), lang)
    assert re.findall(r'ty-page" role="img" aria-label="([^"]+)', html) == pages
    assert f'aria-label="{pages[1]}"></span>也适用于第二页。' in html
    assert "ty-page" not in html_of(plan())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_a_document_is_text(payload: str) -> None:
    html = html_of(hostile())
    tags = set(re.findall(r"<\s*/?\s*(\w+)", html))
    ours = {"article", "nav", "ul", "li", "a", "details", "summary", "span", "div", "header", "section", "h2", "h3"}
    assert tags <= ours | {"p", "b", "br"}
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert set(re.findall(r'href="([^"]{6})', html)) == {"?read="}
    assert bare(payload.split("\n")[0]) in text_of(html)


def test_an_address_names_document_and_place_and_nothing_escapes_from_it() -> None:
    assert address("a-1", (("article", "6"), ("point", "f"))) == "?read=a-1&#38;at=article/6/point/f"
    assert address('a"&<', (("article", '1"><'),)) == "?read=a%22%26%3C&#38;at=article/1%22%3E%3C"
    assert address("a-1") == "?read=a-1"


def test_an_articles_own_title_stands_in_the_outline() -> None:
    text = "Article 6\n\nLawfulness of processing\n\n1. Processing shall be lawful."
    article = Provision((("article", "6"),), 0, len(text))
    known: dict[str, Any] = {"doc_id": "d", "title": "t", "kind": "statute", "source": "s", "text": text}
    assert caption(Document(lang="en", provisions=(article,), **known), article) == "Lawfulness of processing"
    document = plan()
    assert caption(document, document.by_path[(("article", "7"),)]) == "七、妥善应对能源和环境问题"
    assert caption(law(1), law(1).provisions[0]) == ""


def opened(page: Any, address: str) -> Any:
    """The panel with a document opened from the list of documents."""
    page.get_by_role("tab", name=said(page, "page_tab_documents")).click()
    page.locator(f'#ty-library a[href="{address}"]').click()
    page.locator(".ty-law").wait_for()
    return page.locator(".ty-reader")


def outlined(page: Any) -> Any:
    """The outline, shown."""
    button = page.locator(".ty-reader-outline")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    return page.locator(".ty-outline")


@slow
@some_views
def test_any_document_is_opened_from_the_list_and_escape_leads_back_to_it(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        page.get_by_role("tab", name=said(page, "page_tab_documents")).focus()
        page.keyboard.press("Enter")
        page.locator("#ty-library li").nth(2).wait_for()
        tab_to(page, '#ty-library a[href="?read=eeeeeeeeeeee-1"]')
        page.keyboard.press("Enter")
        page.locator(".ty-law").wait_for()
        assert page.locator(".ty-law-title").inner_text() == "试用办法"
        until(lambda: page.evaluate("document.activeElement.className") == "ty-law-title")
        assert page.locator(".ty-page").first.get_attribute("aria-label") == said(page, "read_page", n=1)
        page.keyboard.press("Escape")
        page.locator(".ty-reader").wait_for(state="hidden")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "?read=eeeeeeeeeeee-1"


@slow
@views
def test_the_outline_folds_leads_to_an_article_and_follows_the_scrolling(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        opened(page, "?read=ffffffffffff-1")
        outline = outlined(page)
        chapter = outline.locator("summary", has_text="第二章 事项8")
        assert chapter.is_hidden()
        outline.locator("summary", has_text="第二编").click()
        chapter.click()
        outline.get_by_role("link", name="第二百一十二条", exact=True).click()
        until(lambda: in_view(page, "[id='article/212']"))
        crumbs = page.locator(".ty-reader-crumbs")
        until(lambda: crumbs.inner_text() == "第二编 乙编 › 第二章 事项8 › 第二百一十二条")
        page.evaluate("document.getElementById('article/700').scrollIntoView()")
        until(lambda: re.search("第四编 丁编 › 第六章 事项24 › 第(七百|六百九十九|七百零一)条", crumbs.inner_text()))
        assert outlined(page).locator("[aria-current]").is_visible()
        page.evaluate("document.getElementById('article/1000').scrollIntoView()")
        until(lambda: crumbs.inner_text().startswith("第六编 己编 › 第四章 事项34"))
        assert outline.locator("summary", has_text="第六章 事项24").is_hidden()  # the scrolling had opened it
        assert chapter.is_visible()  # the reader had


@slow
@some_views
def test_words_are_found_counted_and_stepped_through(site: SimpleNamespace, width: int, locale: str) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        opened(page, "?read=ffffffffffff-1")
        query, count = page.locator(".ty-reader-query"), page.locator(".ty-reader-count")
        assert query.get_attribute("aria-label") == said(page, "read_search")
        query.fill("第77")
        assert count.inner_text() == said(page, "read_count", n=1, of=11)  # 77, 770 to 779
        until(lambda: in_view(page, "[id='article/77']"))
        page.keyboard.press("Enter")
        until(lambda: in_view(page, "[id='article/770']"))
        page.keyboard.press("Shift+Enter")
        page.get_by_role("button", name=said(page, "read_previous")).click()
        assert count.inner_text() == said(page, "read_count", n=11, of=11)
        until(lambda: in_view(page, "[id='article/779']"))
        page.get_by_role("button", name=said(page, "read_next")).click()
        assert count.inner_text() == said(page, "read_count", n=1, of=11)
        assert page.evaluate("[...CSS.highlights.get('ty-found-now')][0].toString()") == "第77"
        query.fill("查无此语")
        assert count.inner_text() == said(page, "read_none")


@slow
@some_views
def test_a_reference_is_followed_and_back_returns_and_then_closes(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(site.url, width=width, locale=locale) as page:
        message = ask(page, "长法")
        message.locator(".ty-cite").nth(1).click()
        cited = page.locator(".ty-cited")
        until(lambda: cited.get_attribute("id") == "article/1165/paragraph/2")
        cited.get_by_role("link", name="《人工智能全球治理行动计划》第七条").click()
        until(lambda: page.locator(".ty-law-title").inner_text() == "人工智能全球治理行动计划")
        assert cited.get_attribute("id") == "article/7"
        page.go_back()
        until(lambda: cited.get_attribute("id") == "article/1165/paragraph/2")
        page.go_back()
        page.locator(".ty-reader").wait_for(state="hidden")
        assert page.locator(".ty-question").inner_text() == "长法"  # the page was not left
        assert page.url.rstrip("/") == site.url


@slow
@pytest.mark.parametrize(
    ("locale", "way"), [("zh-CN", "button"), ("en-GB", "button"), ("en-GB", "Escape"), ("zh-CN", "back")]
)
def test_on_a_narrow_screen_the_law_is_a_sheet_over_the_answer(site: SimpleNamespace, locale: str, way: str) -> None:
    with page_at(site.url, width=390, height=800, locale=locale) as page:
        message = ask(page, "推广什么？")
        assert page.locator(".ty-reader").is_hidden()  # it opens only when asked to
        message.locator(".ty-cite").first.click()
        sheet = page.get_by_role("dialog", name=said(page, "read_panel"))
        sheet.wait_for()
        until(lambda: sheet.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800})
        assert page.locator("[inert] #ty-box").count() == 1  # what lies below is out of reach
        for _ in range(30):
            page.keyboard.press("Tab")
            assert page.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('.ty-reader')"
            )
        if way == "button":
            page.get_by_role("button", name=said(page, "read_close")).click()
        elif way == "Escape":
            page.keyboard.press("Escape")
        else:
            page.go_back()
        sheet.wait_for(state="hidden")
        assert page.evaluate("document.activeElement.className") == "ty-cite"
        assert page.locator("[inert]").count() == 0
        assert page.url.rstrip("/") == site.url
        assert page.locator(".ty-question").count() == 1


@slow
@some_views
def test_an_address_with_a_provision_in_it_opens_there_and_a_reload_does_again(
    site: SimpleNamespace, width: int, locale: str
) -> None:
    with page_at(f"{site.url}/?read=plan&at=article/7/sentence/2", width=width, locale=locale) as page:
        page.locator(".ty-cited").wait_for()
        assert page.locator(".ty-cited").inner_text().startswith("倡导可持续发展理念")
        page.reload()
        page.locator(".ty-cited").wait_for()
        page.keyboard.press("Escape")
        page.locator(".ty-reader").wait_for(state="hidden")
        assert page.url.rstrip("/") == site.url


@slow
@pytest.mark.parametrize("doc", ["nothing", "..%2F..%2Fetc%2Fpasswd", "%3Cimg%20src%3Dx%3E"])
def test_a_document_that_is_not_there_is_said_in_words(site: SimpleNamespace, doc: str) -> None:
    with page_at(f"{site.url}/?read={doc}") as page:
        page.locator(".ty-reader").get_by_text("这份文件已不在这里").wait_for()
        assert (page.foreign, page.faults) == ([], [])


@slow
@pytest.mark.alone
@pytest.mark.parametrize("width", [1280, 390])
def test_a_law_of_1260_articles_opens_within_a_second(site: SimpleNamespace, width: int) -> None:
    script = """async () => {
      const link = document.querySelector('a[href*="article/1165"]'), start = performance.now();
      link.click();
      while (!document.getElementById('article/1165/paragraph/2')?.checkVisibility())
        await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      return performance.now() - start;
    }"""
    best = 9e9
    for _ in range(3):  # the best of three: other tests may run beside this one
        with page_at(site.url, width=width) as page:
            message = ask(page, "长法")
            page.evaluate("document.querySelector('.ty-reader-close').click()")
            message.locator(".ty-cite").nth(1).wait_for()
            best = min(best, page.evaluate(script))
            assert in_view(page, ".ty-cited") or page.locator(".ty-cited").count()
    assert best < 1000
