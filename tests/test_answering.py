"""Claims about whole answers of the real engine with a played model: when the words of the law take their place."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag import asking
from rag.answering import nearest_on
from rag.looked import adds_nothing
from rag.records import Message, Prompt, Tokens
from rag.retrieve import at
from rag.search import Only
from tests.here import Here, Played
from tests.laws import PRIVACY, document
from tests.plan import plan

OPEN = "公园每日开放时间不得少于十二小时[1]。"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Here:
    return Here(tmp_path_factory.mktemp("index"), [plan()])


def test_a_sentence_that_its_clause_does_not_carry_gives_way_to_the_words_of_the_clause(engine: Here) -> None:
    answer = engine.answer("公园每日开放时间多久?", reply="公园每天开放八小时[1]。")
    assert answer.text == OPEN
    assert [each.text for each in answer.removed] == ["公园每天开放八小时。"]
    assert answer.sentences[0].verdict == "quoted"


def test_a_bare_word_gives_way_to_the_clause_that_the_question_is_about(engine: Here) -> None:
    answer = engine.answer("个人可以捐赠公园吗?", reply="可以[1]。")
    assert answer.sentences[0].text.startswith("鼓励单位和个人以捐赠")
    assert [(each.text, each.verdict) for each in answer.sentences[:1]] == [(answer.citations[0].quote, "quoted")]


def test_a_false_premise_is_corrected_by_the_clause(engine: Here) -> None:
    answer = engine.answer("公园每日开放时间是不是不得少于八小时?", reply="是[1]。")
    assert answer.text == OPEN


def test_what_is_put_into_the_wrong_article_is_told_from_the_right_one_beside_what_that_one_begins_with(
    engine: Here,
) -> None:
    answer = engine.answer("第二条是专门讲推广节能技术、低功耗照明的吧?")
    assert [each.side for each in answer.sentences] == ["第二条", "第三条"]
    assert answer.text.startswith("第二条：二、鼓励公众参与。")
    assert "低功耗照明" in answer.text
    assert engine.answer("第二条是专门讲孔雀饲养、狮子放生的吧?").refused


def test_the_line_below_a_headline_is_no_answer(tmp_path: Path) -> None:
    story = document("“公园让我难忘”", "——访园丁王小明\n\n园丁王小明首次访问本市公园,参观了两处湖泊。")
    answer = Here(tmp_path, [story]).answer("王小明以前来过公园吗,这是第几次?", reply="访园丁王小明[1]。")
    assert "首次访问" in answer.text
    assert "——访" not in answer.text


def test_a_sentence_that_leaves_out_the_second_thing_asked_for_gives_way_to_the_clause_that_has_both(
    tmp_path: Path,
) -> None:
    said = "影片《公园》26日在本市电影节亮相，将与8部外国影片一起参与最高奖项角逐。"
    engine = Here(tmp_path, [document("影片《公园》亮相", said, "2025-07-27")])
    asked = "影片《公园》哪天亮相，跟几部外国影片角逐最高奖项？"
    reply = "影片《公园》26日亮相[1]。"
    assert [each.text for each in engine.answer(asked, reply=reply).sentences] == [said]
    assert [each.text for each in engine.answer("影片《公园》哪天亮相？", reply=reply).sentences] != [said]


def test_where_the_model_finds_nothing_the_clause_that_surely_answers_is_quoted(engine: Here) -> None:
    assert engine.answer("公园每日开放时间不得少于多久?", reply="条文未载明").text == OPEN


def test_where_the_model_finds_nothing_and_little_is_spoken_of_it_is_declined(engine: Here) -> None:
    answer = engine.answer("公园为什么要重新装修游乐设施的外墙?", reply="条文未载明")
    assert (answer.refused, answer.reason, answer.text) == (True, "no_evidence", "")


GENERAL = "哪些人可以出钱帮助公园?"
"""By its words alone there is doubt whether the plan speaks of it, and article 3 comes first."""


def test_what_the_words_leave_in_doubt_the_model_decides(engine: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.played, "verdict", ("没有", 0.9))
    assert engine.answer(GENERAL).refused
    monkeypatch.setattr(engine.played, "verdict", ("有", 0.9))
    assert not engine.answer(GENERAL, reply="非机动车可以进入公园外环[1]。").refused


@pytest.mark.parametrize(("word", "article"), [("捐赠", "2"), ("照明", "3")])
def test_an_answer_in_doubt_is_drawn_from_what_the_model_finds_it_in(
    word: str, article: str, engine: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(turns: Sequence[Message]) -> tuple[str, float]:
        return ("有", 0.98) if word in turns[-1].content else ("没有", 0.6)

    monkeypatch.setattr(engine.played, "first", first)
    engine.answer(GENERAL, reply="条文未载明")
    assert [hit.provision.path for hit in engine.played.asked[-1].hits] == [(("article", article),)]


def test_a_model_that_tells_no_probability_is_asked_for_the_word(engine: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.played, "first", None)
    assert engine.answer(GENERAL, reply="没有").refused
    assert "出钱帮助公园" in engine.played.asked[-1].messages[-1].content
    said = "鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护[1]。"
    assert engine.answer(GENERAL, reply=f"没有\n===\n有\n===\n{said}").text.startswith(said)
    engine.played.reply = "<think>"
    assert asking.states(engine.played, "zh", GENERAL, "照明") == 0


@pytest.mark.parametrize(
    "question",
    [
        "谢谢",
        "这个怎么办?",
        "红烧肉怎么做?",
        "公园里有多少只孔雀?",
        "公园怎样维修外墙并喷涂栏杆?",
        "2019年公园接待了多少游客?",
    ],
)
def test_where_nothing_speaks_of_what_is_asked_no_model_is_asked(question: str, engine: Here) -> None:
    answer = engine.answer(question)
    assert answer.refused
    assert answer.retrieved


def test_a_question_of_two_parts_is_answered_in_part_and_says_which_is_open(engine: Here) -> None:
    answer = engine.answer("公园每日开放时间多久?孔雀有几只?", reply="公园每日开放时间不得少于十二小时[1]。")
    assert answer.text == OPEN
    assert answer.note == "没有找到写明“孔雀有几只”的条文。"


def test_a_part_that_what_was_found_leaves_open_is_looked_for_and_answered_by_itself(tmp_path: Path) -> None:
    story = document("孔雀园开园", "孔雀园昨日开园,园内饲养孔雀三十六只,来自云南和广西。")
    both = Here(tmp_path, [plan(), story])
    said = "鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护[1]。\n===\n园内饲养孔雀三十六只[1]。"
    answer = both.answer("第二条鼓励以哪些方式参与保护?孔雀园那个园子的孔雀来自哪里?", reply=said)
    assert [each.doc for each in answer.citations] == [plan().title, story.title]
    assert [each.citations for each in answer.sentences] == [(1,), (2,)]
    assert "孔雀三十六只" in answer.sentences[1].text
    assert answer.note is None and answer.tokens is not None and answer.tokens.prompt == 200


def test_two_articles_are_compared_in_their_own_words_without_a_model(engine: Here) -> None:
    answer = engine.answer("比较第一条和第三条对公园的要求")
    assert [each.side for each in answer.sentences] == ["第一条", "第三条"]
    assert answer.text.startswith("第一条：一、加强安全检查。")
    assert "\n第三条：" in answer.text


def test_what_is_compared_stays_within_the_documents_that_may_answer(tmp_path: Path) -> None:
    both = Here(tmp_path, [plan(), document("道路办法", "第一条 道路应当平整。")])
    question = "游乐设施和节能技术各有什么要求?"
    *_, free = both.ask(question)
    assert [each.side for each in free.answer.sentences] == ["游乐设施", "节能技术"]
    *_, bound = both.ask(question, only=Only(document="道路办法"))
    assert {each.doc for each in bound.answer.citations} <= {"道路办法"}


def test_a_list_is_told_item_by_item_each_with_its_own_citation(tmp_path: Path) -> None:
    law = Here(tmp_path, [replace(document("个人信息保护办法", PRIVACY), kind="policy")])
    answer = law.answer("哪些情形可以处理个人信息?", reply="取得个人的同意的，可以处理个人信息[1]。")
    assert answer.text == (
        "符合下列情形之一的，可以处理个人信息：[1]\n- （一）取得个人的同意[2]；\n- （二）为履行合同所必需[3]。"
    )
    assert [each.item for each in answer.sentences] == [False, True, True]


def test_the_law_that_governs_a_question_is_named_where_it_is_not_among_the_documents(tmp_path: Path) -> None:
    law = Here(tmp_path, [document("中华人民共和国反不正当竞争法", "第一条 经营者不得擅自使用他人的商标。")])
    answer = law.answer("注册商标可以转让给别人使用吗?")
    assert (answer.refused, answer.reason) == (True, "no_evidence")
    assert answer.note == "这个问题由《商标法》规定，而它不在文件中。加入它以后再问。"


@pytest.mark.parametrize(("verdict", "removed"), [("是", []), ("否", ["公园开放不得少于十二小时。"])])
def test_a_second_check_by_the_model_lets_a_reworded_sentence_stand_or_fall(
    verdict: str, removed: list[str], tmp_path: Path
) -> None:
    class Judging(Played):
        def stream(self, prompt: Prompt, max_tokens: int) -> Generator[str, None, Tokens | None]:
            again = "判断句子" in prompt.messages[0].content
            return super().stream(prompt, max_tokens) if not again else self.judged(prompt)

        def judged(self, prompt: Prompt) -> Generator[str, None, Tokens | None]:
            assert "公园每日开放时间不得少于十二小时" in prompt.messages[-1].content
            yield verdict

    engine = Here(tmp_path, [plan()])
    engine.settings = replace(engine.settings, check="model")
    played = Judging()
    engine.played = engine._generators[engine.settings.llm] = played
    answer = engine.answer("公园每日开放时间多久?", reply="公园开放不得少于十二小时[1]。")
    assert [(each.text, each.reason) for each in answer.removed] == [(text, "judged") for text in removed]
    assert bool(answer.sentences) == (not removed)


def test_a_follow_up_that_no_rule_understands_is_rewritten_by_the_model(engine: Here) -> None:
    question, told = "具体是怎么规定的,能不能请你再详细说一说?", "公园每日开放时间具体是怎么规定的?"
    answer = engine.answer(question, ["公园每日开放时间不得少于多久?"], reply=f"{told}\n===\n{OPEN}")
    assert answer.rewritten == told
    assert answer.text == OPEN


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("冬天公园每天开放的时间也一样吗?", True),
        ("冬天公园的门票要多少钱?", False),  # 门票 is nobody's
        ("冬天也一样吗?", False),  # as asked: nothing is won
        ("", False),
    ],
)
def test_a_wording_of_the_model_is_taken_where_it_adds_no_word_of_its_own(said: str, taken: bool) -> None:
    assert adds_nothing(said, ("公园每天开放多长时间?", "冬天也一样吗?"), "zh") is taken


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("Are the parks open as long in the winter?", True),
        ("Are the zoos open as long in winter?", False),
    ],
)
def test_and_so_in_english(said: str, taken: bool) -> None:
    assert adds_nothing(said, ("How long are parks open each day?", "Just as long in winter?"), "en") is taken


FUND = "第一条 职工对账户内的余额有异议的，可以向银行申请复核。银行应当自收到复核申请之日起5日内给予书面答复。"


def test_the_clearest_clause_gives_way_to_one_nearly_as_clear_that_has_what_is_asked_for() -> None:
    hit = at(document("住房公积金管理条例", FUND), (("article", "1"),), "dense")
    asked = Prompt("对账户余额申请复核，银行几日内答复?", "zh", (hit,), ())
    clear = {"职工": 0.9, "银行": 0.6}
    found = nearest_on(asked, lambda text: clear[text[:2]], 0.2)
    assert [one.text for one in found] == ["银行应当自收到复核申请之日起5日内给予书面答复。"]
    assert nearest_on(asked, lambda text: clear[text[:2]], 0.1) == []


def test_what_is_asked_of_a_plan_is_not_answered_from_a_story_that_does_not_speak_of_one(tmp_path: Path) -> None:
    told = "截至目前，已有十三个国家与本市签字结为友城。"
    both = Here(tmp_path, [plan(), replace(document("友城报道", f"第一条 {told}"), kind="news")])
    assert (
        both.answer("有多少个国家签字结为友城?", reply=f"{told}[1]").text
        == "截至目前，已有十三个国家与本市签字结为友城[1]。"
    )
    answer = both.answer("有多少个国家在这份行动计划上签字?")
    assert answer.citations == () and answer.reason
