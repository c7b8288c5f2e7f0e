"""Claims about answers that code gives exactly, and what is said beside them: a real search, a played model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag.facts import parted
from rag.ingest import parse
from rag.numerals import to_chinese
from rag.records import Answer, Document, Sentence, Update, with_markers
from rag.terminal import quotations
from tests.here import Here
from tests.laws import laws
from ui import present

PAGE = parse(Path(__file__).parent.parent / "data" / "documents" / "newspaper_page_2025-07-27.md")
PLAN = "《人工智能全球治理行动计划》"
PIPL, CRIMES = "《中华人民共和国个人信息保护法》", "《中华人民共和国刑法》"
GDPR = "Regulation (EU) 2016/679 (General Data Protection Regulation)"


SAVING = "到2030年,推广低功耗照明、高效水泵等节能技术,能耗降低百分之五[1]。"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Here:
    return Here(tmp_path_factory.mktemp("index"), [*laws(), *PAGE])


def are_slices(answer: Answer, documents: Sequence[Document]) -> bool:
    texts = {document.doc_id: document.text for document in documents}
    return all(each.quote == texts[each.doc_id][each.start : each.end] for each in answer.citations)


@pytest.mark.parametrize(
    ("question", "history", "text", "labels"),
    [
        ("个保法第一条", [], "为了保护个人信息，制定本法[1]。", [f"{PIPL}第一条"]),
        ("《个人信息保护法》第二条第一款第二项的内容是什么?", [], "（二）为履行合同所必需[1]。",
         [f"{PIPL}第二条第一款第二项"]),
        ("个保法第二条第二款", [], "依照前款第二项处理的，不需要取得同意。处理结果应当公开[1]。",
         [f"{PIPL}第二条第二款"]),
        ("刑法第二条之一至第三条", [], "丙[1]。丁[2]。戊[3]。",
         [f"{CRIMES}第二条之一", f"{CRIMES}第二条之二", f"{CRIMES}第三条"]),
        ("刑法第三条和个保法第一条", [], "戊[1]。为了保护个人信息，制定本法[2]。",
         [f"{CRIMES}第三条", f"{PIPL}第一条"]),
        ("那下一条呢?", ["刑法第一条讲什么?"], "乙[1]。", [f"{CRIMES}第二条"]),
        ("刑法最后一条", [], "戊[1]。", [f"{CRIMES}第三条"]),
        ("What does Article 1(2)(b) of the GDPR say?", [], "(b) freedoms[1].", [f"{GDPR}, Article 1(2)(b)"]),
        ("Recital 2 GDPR", [], "(2) Open-source software is used[1].", [f"{GDPR}, Recital 2"]),
        ("刑法一共有多少条?", [], f"{CRIMES}共5条（第一条至第三条，其中“之一”等增补的2条）[1]。", [f"{CRIMES}第三条"]),
        (f"{PLAN}一共有多少条?", [], f"{PLAN}共13条（第一条至第十三条）[1]。", [f"{PLAN}第十三条"]),
        ("个保法第二条有几款?", [], f"{PIPL}第二条共2款[1]。", [f"{PIPL}第二条第二款"]),
        ("How many articles does the GDPR have?", [], f"{GDPR} has 3 articles (Art. 1 to Art. 3)[1].",
         [f"{GDPR}, Article 3"]),
        ("城市公园行动计划哪几条提到“照明”和“捐赠”?", [],
         "第二条：鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护[1]。\n"
         "第三条：到2030年,推广低功耗照明、高效水泵等节能技术,能耗降低百分之五[2]。",
         ["《城市公园行动计划》第二条第2句", "《城市公园行动计划》第三条第2句"]),
    ],
)  # fmt: skip
def test_what_is_asked_of_a_named_provision_is_told_without_a_model(
    question: str, history: list[str], text: str, labels: list[str], engine: Here
) -> None:
    answer = engine.answer(question, history)
    assert (answer.text, [each.label for each in answer.citations]) == (text, labels)
    assert are_slices(answer, engine.documents())
    assert (answer.refused, answer.removed, answer.note, answer.tokens) == (False, (), None, None)
    assert {hit.how for hit in answer.retrieved} <= {"reference", "dense", "lexical", "crossref"}
    assert answer.retrieved


def test_a_look_up_is_verbatim_and_says_so_and_a_count_is_supported(engine: Here) -> None:
    told = engine.answer("个保法第二条")
    assert [(each.text, each.verdict) for each in told.sentences] == [
        ("符合下列情形之一的，可以处理个人信息：", "quoted"),
        ("（一）取得个人的同意；", "quoted"),
        ("（二）为履行合同所必需。", "quoted"),
        ("依照前款第二项处理的，不需要取得同意。处理结果应当公开。", "quoted"),
    ]
    assert {each.verdict for each in engine.answer("个保法第二条有几款?").sentences} == {"supported"}


def test_every_article_of_the_page_is_looked_up_in_its_own_words(engine: Here) -> None:
    plan = next(document for document in PAGE if f"《{document.title}》" == PLAN)
    for article in (each for each in plan.provisions if len(each.path) == 1 and each.path[0][0] == "article"):
        answer = engine.answer(f"{PLAN}第{to_chinese(int(article.path[0][1]))}条讲什么?")
        assert {citation.path[:1] for citation in answer.citations} == {article.path}
        said = "".join(sentence.text for sentence in answer.sentences)
        assert plan.text_of(article).replace("\n", "").endswith(said.replace("\n", "")), article.path
        assert are_slices(answer, PAGE)


@pytest.mark.parametrize(
    ("question", "note"),
    [
        (f"{PLAN}第十五条讲什么?", f"{PLAN}没有第十五条，共13条（第一条至第十三条）。"),
        ("个保法第九条规定了哪些罚款?", f"{PIPL}没有第九条，共3条（第一条至第三条）。"),
        ("个保法第二条第九款", f"{PIPL}没有第二条第九款：第二条只有2款。"),
        ("Article 99 GDPR", f"{GDPR} has no Art. 99; it has 3 articles (Art. 1 to Art. 3)."),
    ],
)
def test_a_provision_that_is_not_there_is_declined_with_what_is(question: str, note: str, engine: Here) -> None:
    answer = engine.answer(question)
    assert (answer.reason, answer.note) == ("no_such_provision", note)
    assert (answer.sentences, answer.citations, answer.text) == ((), (), "")
    assert answer.retrieved
    data = answer.to_json()
    assert (data["refused"], data["reason"], data["note"]) == (True, "no_such_provision", note)
    assert data["retrieved"]
    lines = list(quotations(answer))
    assert lines[1] == note
    html = present.message(Update("done", answer), 1, {}, answer.lang)
    assert f'<p class="ty-remark">{present.escaped(note)}</p>' in html
    assert "ty-cite" not in html


def test_of_several_provisions_those_that_are_there_are_told_and_the_missing_named(engine: Here) -> None:
    answer = engine.answer("刑法第三条和第八条")
    assert (answer.refused, answer.text) == (False, "戊[1]。")
    assert answer.note == f"{CRIMES}没有第八条，共5条（第一条至第三条）。"
    assert next(quotations(answer)) == answer.note
    html = present.message(Update("done", answer), 1, {}, answer.lang)
    assert f'<p class="ty-remark">{present.escaped(answer.note)}</p>' in html
    assert "ty-refusal" not in html


def test_a_word_that_stands_nowhere_is_no_evidence(engine: Here) -> None:
    answer = engine.answer("城市公园行动计划哪几条提到“火星”?")
    assert (answer.reason, answer.citations) == ("no_evidence", ())


def missing(documents: Sequence[Document]) -> Iterator[tuple[Document, str]]:
    """Look-ups of provisions that these do not have: articles behind the last, inserted ones, 款, sentences."""
    for document in documents:
        tops = [each.path[0] for each in document.provisions if len(each.path) == 1]
        numbers = [int(number.split("-")[0]) for kind, number in tops if kind == "article"]
        if document.lang == "zh" and numbers:
            for n in (max(numbers) + 1, max(numbers) + 7):
                yield document, f"《{document.title}》第{to_chinese(n)}条的内容是什么?"
            yield document, f"《{document.title}》第{to_chinese(max(numbers))}条之九规定了什么?"
            yield document, f"《{document.title}》第一条第九款"
            yield document, f"{document.title}第{max(numbers) + 1}条和第99条"


def test_of_what_does_not_exist_nothing_is_answered(engine: Here) -> None:
    newest = [each for each in engine.documents() if each.date != "2018-10-26"]
    asked = list(missing(newest))
    gdpr = next(each for each in newest if each.title == GDPR)
    places = ("Article 99", "Recital 77", "Annex IX", "Article 1(9)", "Article 1(2)(z)", "Articles 88 and 99")
    asked += [(gdpr, f"What does {place} of the GDPR say?") for place in places]
    assert len(asked) >= 40
    answers = [(document, question, engine.answer(question)) for document, question in asked]
    assert [(question, a.reason) for _, question, a in answers if a.reason != "no_such_provision"] == []
    assert [question for _, question, a in answers if a.citations or a.sentences or not a.retrieved] == []
    assert [question for document, question, a in answers if document.label(()) not in (a.note or "")] == []
    assert all("共" in (a.note or "") or "只有" in (a.note or "") or a.lang == "en" for _, _, a in answers)


@pytest.mark.parametrize(
    "question", ["第十四条讲什么?", "第九十九条", "What does Article 99 of the action plan say?", "第八点之九"]
)
def test_where_only_one_document_has_articles_it_needs_no_name(question: str, tmp_path: Path) -> None:
    answer = Here(tmp_path, PAGE).answer(question)
    assert (answer.reason, answer.citations) == ("no_such_provision", ())
    assert PLAN in (answer.note or "")


def test_a_model_answers_what_a_provision_says_of_something_and_its_tokens_are_told(engine: Here) -> None:
    reply = "到2030年，推广低功耗照明、高效水泵等节能技术，能耗降低百分之五[1]。公园应当收费[1]。"
    answer = engine.answer("城市公园行动计划第三条推广哪些技术?", reply=reply)
    assert answer.text == SAVING
    assert [each.label for each in answer.citations] == ["《城市公园行动计划》第三条第2句"]
    assert [each.text for each in answer.removed] == ["公园应当收费。"]
    assert answer.retrieved[0].how == "reference"
    assert answer.to_json()["tokens"] == {"prompt": 100, "answer": len(reply)}
    assert answer.to_json()["llm"] == "played"
    assert engine.played.asked[-1].hits[0] == answer.retrieved[0]


def test_a_part_that_is_not_there_is_told_beside_the_answer_of_the_model(engine: Here) -> None:
    answer = engine.answer(
        "城市公园行动计划第三条和第九条推广哪些技术?", reply="推广低功耗照明、高效水泵等节能技术[1]。"
    )
    assert answer.text == SAVING  # the whole sentence that it was copied from
    assert answer.note == "《城市公园行动计划》没有第九条，共3条（第一条至第三条）。"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("推广芯片。", "推广芯片[1]。"),
        ("他说“好。”", "他说“好[1]。”"),
        ("他说：“好！”", "他说：“好[1]！”"),
        ("第一条提到“开源”。", "第一条提到“开源”[1]。"),
        ("第一条提到“开源”", "第一条提到“开源”[1]"),
        ("甲；", "甲[1]；"),
        ("甲", "甲[1]"),
        ('He said "yes."', 'He said "yes[1]."'),
        ("It is 5.3", "It is 5.3[1]"),
        ("Art. 1 mentions “open source”.", "Art. 1 mentions “open source”[1]."),
    ],
)
def test_a_marker_stands_before_the_final_mark_and_not_inside_quotation_marks(sentence: str, shown: str) -> None:
    assert with_markers(Sentence(sentence, (1,), "quoted")) == shown
    assert "".join(parted(sentence)) == sentence


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Here:
    return Here(tmp_path_factory.mktemp("page"), PAGE)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("关于去除偏见，数据供给和标准规范两条里分别是怎么要求的？",
         {"数据供给": "article 6, sentence 3", "标准规范": "article 8, sentence 3"}),
        ("歧视、偏见这类问题，行动计划在数据那条和标准那条分别是怎么说的？",
         {"数据那条": "article 6, sentence 3", "标准那条": "article 8, sentence 3"}),
        ("行动计划第十一条和世界人工智能合作组织那篇报道，都把联合国放在什么位置？",
         {"行动计划第十一条": "article 11, sentence 2", "世界人工智能合作组织那篇报道": "paragraph 2, sentence 2"}),
        ("联合国该扮演什么角色，行动计划第十一条与世界人工智能合作组织的倡议说法一致吗？",
         {"行动计划第十一条": "article 11, sentence 2", "世界人工智能合作组织的倡议": "paragraph 2, sentence 2"}),
        ("“2030年可持续发展议程”在行动计划和西班牙共产党总书记的专访里都出现了，两处分别同什么联系在一起？",
         {"行动计划": "article 1, sentence 2", "西班牙共产党总书记的专访": "paragraph 2, sentence 2"}),
        ("对联合国的主渠道作用，行动计划怎么讲？世界人工智能合作组织的报道又怎么讲？",
         {"行动计划": "article 11, sentence 2", "世界人工智能合作组织的报道": "paragraph 2, sentence 2"}),
        ("这个版面上接受采访的圣地亚哥和郑雄城分别是什么身份？",
         {"这个版面上接受采访的圣地亚哥": "paragraph 1, sentence 4", "郑雄城": "paragraph 1, sentence 5"}),
        ("青岛港2024年的吞吐量和青岛老城区去年接待的游客各是多少？",
         {"青岛港2024年的吞吐量": "paragraph 2, sentence 3", "青岛老城区去年接待": "paragraph 7, sentence 1"}),
    ],
)  # fmt: skip
def test_two_sides_are_told_by_what_each_says_of_what_is_asked_of_both(
    page: Here, question: str, told: dict[str, str]
) -> None:
    answer = page.answer(question)
    paths = {one.side: answer.citations[one.citations[0] - 1].path for one in answer.sentences}
    assert {side: ", ".join(" ".join(step) for step in steps) for side, steps in paths.items()} == told


def test_a_sentence_from_a_clause_that_is_far_less_clear_than_another_gives_way_to_that_one(page: Here) -> None:
    beside = "支持在联合国框架下建立国际人工智能科学小组和全球人工智能治理对话两项机制并尽早运行"
    answer = page.answer("计划要构建什么样的安全治理框架？", reply=f"{beside}[2]。")
    assert answer.text == "及时开展人工智能风险研判,提出针对性防范应对措施,构建具有广泛共识的安全治理框架[1]。"
    assert [(one.text, one.reason) for one in answer.removed] == [(f"{beside}。", "beside")]
    told = page.answer("支持在联合国框架下建立什么？", reply=f"{beside}[1]。")
    assert told.removed == () and beside in told.text
