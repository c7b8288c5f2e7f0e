"""What the reader sees, as tables of literal cases: no browser, no gradio."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from payloads import PAYLOADS

from rag.records import Answer, Citation, Document, Hit, Provision, Removed, Sentence, Update
from rag.visitors import Kept
from rag.words import say
from ui import library, present
from ui.escape import escaped

TEXT = "序。\n\n第六条 国家推进数据供给。加强保护。\n\n第七条 推广低功耗芯片。\n开展合作。"
SIX, SEVEN = TEXT.index("第六条"), TEXT.index("第七条")
ARTICLE_6, ARTICLE_7 = (("article", "6"),), (("article", "7"),)
CLAUSE_6 = (*ARTICLE_6, ("sentence", "2"))
CLAUSE_7 = (*ARTICLE_7, ("sentence", "1"))


def document(**changes: object) -> Document:
    provisions = (
        Provision(ARTICLE_6, SIX, SEVEN - 2, ("第一章 总则", "第二节 <b>数据</b>")),
        Provision(CLAUSE_6, TEXT.index("加强"), SEVEN - 2),
        Provision(ARTICLE_7, SEVEN, len(TEXT)),
        Provision(CLAUSE_7, SEVEN + 4, TEXT.index("\n开展")),
    )
    known = {"doc_id": "d", "title": "计划", "lang": "zh", "kind": "policy", "source": "p.md", "text": TEXT}
    return Document(**{**known, "provisions": provisions, **changes})  # type: ignore[arg-type]


def cited(n: int = 1, path: tuple[tuple[str, str], ...] = CLAUSE_7, **changes: object) -> Citation:
    source = document()
    found = source.by_path[path]
    known = {
        "n": n, "doc_id": "d", "doc": "计划", "article": path[0][1], "path": path, "label": source.label(path),
        "quote": source.text_of(found), "start": found.start, "end": found.end,
    }  # fmt: skip
    return Citation(**{**known, **changes})  # type: ignore[arg-type]


def answered(**changes: object) -> Answer:
    known = {
        "question": "推广什么？", "lang": "zh", "sentences": (Sentence("推广低功耗芯片。", (1,), "supported"),),
        "citations": (cited(),), "retrieved": (Hit(document(), document().by_path[ARTICLE_6], 0.9, "dense"),),
    }  # fmt: skip
    return Answer(**{**known, **changes})  # type: ignore[arg-type]


def shown(answer: Answer, stage: str = "done", turn: int = 1, known: bool = True, lang: str = "zh") -> str:
    return present.message(Update(stage, answer), turn, {"d": document()} if known else {}, lang)


class Reader(HTMLParser):
    """What a browser would make of it: the tags, the attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.depth = 0
        self.parts = 0  # elements directly inside the outermost
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.parts += self.depth == 1
        self.depth += tag not in ("br", "input")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_sentence_links_to_its_clause_before_the_full_stop() -> None:
    link = (
        '<a class="ty-cite" href="?read=d&#38;at=article/7/sentence/1" data-source="src-3-1" lang="zh">第七条第1句</a>'
    )
    assert f"推广低功耗芯片{link}。" in shown(answered(), turn=3)
    assert '<li id="src-3-1"><details id="fold-3-1">' in shown(answered(), turn=3)


def test_a_citation_holds_the_clause_is_said_to_be_verbatim_and_can_be_copied_and_opened() -> None:
    html = shown(answered())
    assert "<blockquote>推广低功耗芯片。</blockquote>" in html
    assert '<span class="ty-verbatim" title="逐字取自文件，未经改写">原文</span>' in html
    assert '<button type="button" class="ty-copy" aria-label="复制 《计划》第七条第1句">复制</button>' in html
    assert '<a class="ty-open" href="?read=d&#38;at=article/7/sentence/1">在文件中打开</a>' in html


def test_the_headings_above_the_article_stand_over_the_clause() -> None:
    html = shown(answered(citations=(cited(path=CLAUSE_6),)))
    assert "第一章 总则 › 第二节 &#60;b&#62;数据" in html
    assert "ty-breadcrumb" not in shown(answered())


def test_a_clause_of_a_document_that_is_gone_is_shown_under_its_full_label() -> None:
    html = shown(answered(), known=False)
    assert ">《计划》第七条第1句</a>" in html
    assert "<blockquote>推广低功耗芯片。</blockquote>" in html


def test_a_citation_number_that_nothing_carries_gets_no_link() -> None:
    html = shown(answered(sentences=(Sentence("推广。", (1, 9), "supported"),)))
    assert html.count('class="ty-cite"') == 1


@pytest.mark.parametrize(
    ("stage", "answer", "seen", "unseen"),
    [
        ("retrieve", answered(sentences=(), citations=(), retrieved=()), ["正在检索…"], ["找到的条文", "不作答"]),
        ("generate", answered(sentences=(), citations=()), ["正在作答…", "《计划》第六条"], ["正在核对", "不作答"]),
        ("generate", answered(), ["推广低功耗芯片", "正在核对…", "src-1-1"], ["核对时删去"]),
        ("done", answered(), ["推广低功耗芯片", "src-1-1"], ["正在", "不作答"]),
    ],
)
def test_while_waiting_the_reader_sees_the_stage_and_what_was_found(
    stage: str, answer: Answer, seen: list[str], unseen: list[str]
) -> None:
    html = shown(answer, stage)
    assert [words for words in seen if words not in html] == []
    assert [words for words in unseen if words in html] == []


def test_what_was_found_is_open_until_there_is_an_answer() -> None:
    before, after = shown(answered(sentences=(), citations=()), "generate"), shown(answered(), "generate")
    assert '<details class="ty-found" id="found-1" open>' in before
    assert '<details class="ty-found" id="found-1">' in after
    assert '<a class="ty-open" href="?read=d&#38;at=article/6">《计划》第六条</a> 国家推进' in before


@pytest.mark.parametrize(
    ("lang", "word", "cut"), [("zh", "甲乙丙丁", "甲乙丙丁" * 30 + "……"), ("en", "seven ", "seven " * 19 + "seven…")]
)
def test_a_long_provision_is_cut_as_its_language_is(lang: str, word: str, cut: str) -> None:
    long = document(lang=lang, text=word * 50, provisions=(Provision(ARTICLE_6, 0, len(word) * 50),))
    hit = Hit(long, long.by_path[ARTICLE_6], 0.9, "dense")
    html = shown(answered(sentences=(), citations=(), retrieved=(hit,)), "generate")
    assert f"</a> {cut}</li>" in html


def test_the_parts_of_a_message_keep_their_places_while_it_grows() -> None:
    stages = [("generate", answered(sentences=(), citations=())), ("generate", answered()), ("done", answered())]
    for stage, answer in [*stages, ("done", answered(reason="no_evidence"))]:
        reader = Reader(shown(answer, stage))
        assert reader.parts == 7


@pytest.mark.parametrize(
    ("reason", "lang", "words"),
    [
        ("no_evidence", "zh", "所收文件里没有找到能回答这个问题的内容"),
        ("no_such_provision", "zh", "所收文件里没有问题所指的这一条款"),
        ("unsupported", "zh", "没有一句能在条文里得到印证"),
        ("off_topic", "zh", "与所收的政策和法律文件无关"),
        ("unsafe", "zh", "不应提供的帮助"),
        ("no_evidence", "en", "Nothing in the documents answers this question"),
        ("no_such_provision", "en", "no such provision"),
        ("unsupported", "en", "borne out"),
        ("off_topic", "en", "not about the policy"),
        ("unsafe", "en", "should not be given"),
    ],
)
def test_a_refusal_says_why_and_shows_no_citation(reason: str, lang: str, words: str) -> None:
    html = shown(answered(reason=reason), lang=lang)
    assert words in Reader(html).text
    assert "ty-cite" not in html
    assert "src-" not in html
    assert "推广低功耗芯片" not in html
    nearest = "最接近的条文（不是答案）" if lang == "zh" else "Nearest provisions (not an answer)"
    assert nearest in Reader(html).text
    assert '<details class="ty-nearest" id="nearest-1"><summary>' in html  # folded
    assert '<a class="ty-open" href="?read=d&#38;at=article/6">' in html


def test_an_answer_of_nothing_is_not_shown_as_an_empty_message() -> None:
    assert "没有一句能在条文里得到印证" in shown(Answer("问", "zh"))


def test_what_the_check_removed_can_be_unfolded() -> None:
    html = shown(answered(removed=(Removed("罚款五万元。", "number"),)))
    assert "<summary>核对时删去 1 句</summary><ul><li><s>罚款五万元。</s>" in html
    assert "ty-removed" not in shown(answered())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"llm": "extractive"}, "未使用语言模型"),
        ({"rewritten": "第七条推广什么？"}, "理解为：第七条推广什么？"),
    ],
)
def test_what_was_done_to_the_question_or_without_a_model_is_said(changes: dict[str, str], words: str) -> None:
    assert words in shown(answered(**changes))
    assert words not in shown(answered())


def test_items_are_a_list_and_what_is_compared_is_a_table_of_its_sides() -> None:
    whole = (Sentence("有三项。", (1,), "supported"), Sentence("甲。", (1,), "quoted", item=True))
    whole += (Sentence("乙。", (1,), "quoted", item=True),)
    html = re.sub("<a .*?</a>", "", shown(answered(sentences=whole)))
    assert '<div class="ty-text"><p>有三项。</p><ul><li>甲。</li><li>乙。</li></ul></div>' in html
    sides = tuple(Sentence(f"{side}规定。", (1,), "quoted", side=f"<{side}>") for side in ("甲法", "甲法", "乙法"))
    html = re.sub("<a .*?</a>", "", shown(answered(sentences=sides)))
    row = '<tr><th scope="row">&#60;乙法&#62;</th><td><p>乙法规定。</p></td></tr></tbody></table></div>'
    assert row in html
    assert "<td><p>甲法规定。甲法规定。</p></td>" in html


@pytest.mark.parametrize(("lang", "joint"), [("zh", "。第二"), ("en", "。 第二")])
def test_sentences_are_joined_as_their_language_joins_them(lang: str, joint: str) -> None:
    pair = (Sentence("第一。", (), "supported"), Sentence("第二。", (), "supported"))
    assert joint in shown(answered(lang=lang, sentences=pair))


def test_what_stands_around_an_answer_speaks_the_pages_language_and_each_other_language_says_so() -> None:
    whole = answered(lang="en", removed=(Removed("A fine.", "number"),), note="A note.")
    html = shown(whole)
    assert html.startswith('<div class="ty-answer" lang="zh">')
    assert "原文" in html and "核对时删去 1 句" in html and "找到的条文" in html and ">verbatim<" not in html
    for words in ('<div class="ty-text" lang="en">', '<s lang="en">A fine', '<p class="ty-remark" lang="en">A note'):
        assert words in html
    assert "<blockquote>推广" in html  # in the language around it
    html = shown(whole, lang="en")
    assert ">verbatim<" in html and "原文" not in html and '<div class="ty-text">' in html
    assert '<blockquote lang="zh">推广' in html and '<span class="ty-label" lang="zh">《计划》' in html
    assert 'lang="zh">第七条第1句</a>' in html and '<li lang="zh"><a' in html
    assert '<div class="ty-text" lang="en">' in shown(answered(lang='de"><b>'))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_from_anyone_is_shown_as_the_characters_it_is_made_of(payload: str) -> None:
    hostile = document(
        title=payload, issuer=payload, text=payload * 2, lang="zh",
        provisions=(Provision(ARTICLE_7, 0, len(payload) * 2, (payload,)), Provision(CLAUSE_7, 0, len(payload))),
    )  # fmt: skip
    own = Kept("k", payload, 1, (hostile,), (), np.zeros((0, 1), np.float32))
    citation = cited(doc=payload, label=payload, quote=payload, start=0, end=len(payload))
    answer = answered(
        question=payload, rewritten=payload, sentences=(Sentence(payload, (1,), "supported"),),
        citations=(citation,), removed=(Removed(payload, "number"),),
        retrieved=(Hit(hostile, hostile.by_path[ARTICLE_7], 1.0, "dense"),),
    )  # fmt: skip
    pieces = [
        present.question(payload), present.note(payload, "error"), library.listing([hostile], [own], "zh"),
        present.message(Update("done", answer), 1, {"d": hostile}, "zh"),
        present.message(Update("generate", answered(sentences=(), retrieved=answer.retrieved)), 1, {}, "en"),
        present.message(Update("done", answered(reason="no_evidence", retrieved=answer.retrieved)), 1, {}, "zh"),
    ]  # fmt: skip
    ours = {"div", "p", "a", "details", "summary", "span", "blockquote", "ul", "ol", "li", "s", "i", "br", "button"} | {
        "h2", "section", "input",
    }  # fmt: skip
    for html in pieces:
        seen = Reader(html)
        assert set(seen.tags) <= ours
        assert {name for name, _ in seen.attributes} <= {
            "class", "id", "href", "title", "lang", "open", "type", "aria-label", "data-source",
            "aria-labelledby", "checked", "data-key", "value",
        }  # fmt: skip
        assert all(
            re.fullmatch(r"\?read=d(&at=[a-z0-9/]+)?", value or "") for n, value in seen.attributes if n == "href"
        )
        assert seen.depth == 0
        assert not re.search(r"[`*_\[\]$\\~|{}]|!\[|://|www\.", html)
        known = {
            re.sub(r"\*\*|(?m:^# )", "", Reader(escaped(payload)).text.replace("<br>", "\n")),
            Reader(escaped(payload)).text,
        }
        assert any(each in seen.text for each in known)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("甲\n\n乙", "甲<br>乙"),
        ("  甲 乙  ", "甲 乙"),
        ("a\u202eb\x00c", "abc"),
        ("a<b", "a&#60;b"),
        ("第七条（一）“好”、《法》", "第七条（一）“好”、《法》"),
    ],
)
def test_escaping_leaves_words_alone(text: str, html: str) -> None:
    assert escaped(text) == html


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"issuer": "新华社", "date": "2025-07-26"}, "新华社 · 2025&#45;07&#45;26 · 2 条"),
        ({}, '"ty-facts">2 条'),
        ({"provisions": (Provision((("paragraph", "1"),), 0, 2),)}, '"ty-facts">1 段'),
    ],
)
def test_the_list_of_documents_says_who_when_and_how_much(changes: dict[str, object], seen: str) -> None:
    assert seen in library.listing([document(**changes)], [], "zh")


def test_an_empty_index_says_what_to_type() -> None:
    assert "tiaoyin ingest" in Reader(library.listing([], [], "en")).text


def test_every_sentence_of_the_page_exists_in_both_languages() -> None:
    for key in ("page_title", "page_queued", "page_broken", "page_stopped"):
        assert say(key, "zh") != say(key, "en")
