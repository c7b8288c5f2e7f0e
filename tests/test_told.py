"""Answers that code tells: verbatim clauses, counts, where words stand, and what is said beside them."""

import pytest

from rag import facts
from rag.facts import language
from rag.named import Named, named
from rag.titles import Titles
from rag.told import MENTIONS, SHOWN, remark, told
from tests.laws import document, law, laws

LAWS = Titles(laws())


def asked(question: str, titles: Titles = LAWS) -> tuple[Named, str]:
    found = named(question, titles)
    assert found
    return found, language(question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("个保法第一条", ["为了保护个人信息，制定本法。|article 1"]),
        ("个保法第二条", [
            "符合下列情形之一的，可以处理个人信息：|article 2, paragraph 1",
            "（一）取得个人的同意；|article 2, paragraph 1, item 1",
            "（二）为履行合同所必需。|article 2, paragraph 1, item 2",
            "依照前款第二项处理的，不需要取得同意。处理结果应当公开。|article 2, paragraph 2",
        ]),
        ("个保法第二条第二款第2句", ["处理结果应当公开。|article 2, paragraph 2, sentence 2"]),
        ("个保法第三条和第一条", ["本法自2021年11月1日起施行。|article 3", "为了保护个人信息，制定本法。|article 1"]),
        ("What does Article 2 of the action plan say?", [
            "二、鼓励公众参与。鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护。"
            "支持在《绿色契约》框架下建立两项机制。|article 2",
        ]),
        ("Article 1(2) GDPR", [
            "2. It protects:|article 1, paragraph 2",
            "(a) rights;|article 1, paragraph 2, point a",
            "(b) freedoms.|article 1, paragraph 2, point b",
        ]),
        ("行动计划共有多少条?", ["《城市公园行动计划》共3条（第一条至第三条）。|article 3"]),
        ("刑法有多少条?", ["《中华人民共和国刑法》共5条（第一条至第三条，其中“之一”等增补的2条）。|article 3"]),
        ("个保法有几章?", ["《中华人民共和国个人信息保护法》共2章。|article 3"]),
        ("个保法第二条有几款?", ["《中华人民共和国个人信息保护法》第二条共2款。|article 2, paragraph 2"]),
        ("How many articles does the GDPR have?", [
            "Regulation (EU) 2016/679 (General Data Protection Regulation) has 3 articles "
            "(Art. 1 to Art. 3).|article 3",
        ]),
        ("行动计划哪几条提到“照明”和“捐赠”?", [
            "鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护。|article 2, sentence 2",
            "到2030年,推广低功耗照明、高效水泵等节能技术,能耗降低百分之五。|article 3, sentence 2",
        ]),
        ("行动计划哪几条提到“火星”?", []),
        ("行动计划第九条讲什么", []),
        ("行动计划第三条推广哪些技术?", []),
    ],
)  # fmt: skip
def test_what_is_told_and_what_it_cites(question: str, expected: list[str]) -> None:
    sentences = told(*asked(question))
    assert [f"{text}|{', '.join(' '.join(step) for step in each.path)}" for text, _, each in sentences] == expected


def test_a_provision_is_told_in_its_own_words_and_whole() -> None:
    for source in laws():
        for article in (each for each in source.provisions if len(each.path) == 1):
            sentences = told(Named("text", (source,), ((source, article.path),)), "en")
            assert all(facts.plain(text) in facts.plain(source.text_of(each)) for text, _, each in sentences)
            said = facts.plain("".join(text for text, _, _ in sentences))
            whole = facts.plain(source.text_of(article))
            assert whole.endswith(said) and len(whole) - len(said) <= len("article1"), article.path


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("行动计划第十五条", "《城市公园行动计划》没有第十五条，共3条（第一条至第三条）。"),
        ("What does Article 15 of the action plan say?",
         "《城市公园行动计划》 has no 第十五条; it has 3 articles (第一条 to 第三条)."),
        ("GDPR Article 120", "Regulation (EU) 2016/679 (General Data Protection Regulation) has no Art. 120; "
         "it has 3 articles (Art. 1 to Art. 3)."),
        ("个保法第二条第九款", "《中华人民共和国个人信息保护法》没有第二条第九款：第二条只有2款。"),
        ("个保法第一条第二款", "《中华人民共和国个人信息保护法》没有第一条第二款：第一条只有1款。"),
        ("个保法第二条第一款第五项", "《中华人民共和国个人信息保护法》没有第二条第一款第五项：第二条第一款只有2项。"),
        ("刑法第二条之九", "《中华人民共和国刑法》没有第二条之九，共5条（第一条至第三条）。"),
        ("公司法第一条", "这里按《中华人民共和国公司法》（2023-12-29）回答；"
         "名称相符的还有《中华人民共和国公司法》（2018-10-26）。"),
        ("2018年公司法第一条", None),
        ("行动计划第一条", None),
    ],
)  # fmt: skip
def test_a_remark_says_what_was_taken_and_what_there_is(question: str, expected: str | None) -> None:
    assert remark(*asked(question)) == expected


def test_what_is_left_out_is_said() -> None:
    many = Titles([law("长法", 90), document("短法", "第一条 无。")])
    found, lang = asked("长法哪几条提到“要求”?", many)
    assert len(told(found, lang)) == MENTIONS
    assert remark(found, lang) == "共90处，这里只列出前20处。"
    found, lang = asked("长法第一条至第九十条", many)
    assert len(told(found, lang)) == SHOWN
    assert remark(found, lang) == "共90处，这里只列出前60处。"
