"""Follow-ups become questions that stand alone; complete questions stay as they are."""

import json
from pathlib import Path

import pytest

from rag.facts import language
from rag.rewrite import behind, standalone

EVAL = Path(__file__).parent.parent / "data" / "eval"


@pytest.mark.parametrize(
    ("history", "question", "expected"),
    [
        # ordinals
        (["第十条讲什么?"], "那下一条呢?", "第十一条讲什么?"),
        (["第十条讲什么?"], "紧挨在它后面的呢?", "第十一条讲什么?"),
        (
            ["公园管理机构怎样通知领养人?"], "要是我一直没收到通知呢，多少天之内得去报？",
            "公园管理机构怎样通知领养人? 要是我一直没收到通知呢，多少天之内得去报？",
        ),
        (["年票忘了交会怎样?"], "停了之后呢？多久没谈好才取消？", "年票忘了交会怎样? 停了之后呢？多久没谈好才取消？"),
        (["第十条讲什么?"], "那它后面紧挨着的一条呢?", "第十一条讲什么?"),
        (["合作组织总部设在哪里?"], "秘书长由谁来当?", "合作组织总部设在哪里? 秘书长由谁来当?"),
        (["试用期多长?"], "双方协议离婚要准备哪些材料、到哪里去办理登记?", None),
        (["试用期多长?"], "他们公司一直不给我交社会保险,我能不能随时走人?", None),
        (["第三条是关于什么的?"], "下一条讲的又是啥", "第四条是关于什么的?"),
        (
            ["甲市和乙市是什么时候结成友好城市的?"], "除了教育，他们两个城市还在哪些领域一直有来往、有合作？",
            "甲市和乙市是什么时候结成友好城市的? 除了教育，他们两个城市还在哪些领域一直有来往、有合作？",
        ),
        (
            ["What did Smith visit?"], "And in which sectors does he see the country among the world leaders?",
            "What did Smith visit? And in which sectors does he see the country among the world leaders?",
        ),
        (["两市是友好城市吗?"], "哪一年结上的?", "两市是友好城市吗? 哪一年结上的?"),
        (["是谁倡议成立的?"], "图的是什么?", "是谁倡议成立的? 图的是什么?"),
        (["第十条讲什么?"], "上一条呢?", "第九条讲什么?"),
        (["第十条讲什么?"], "前一条", "第九条讲什么?"),
        (["行动计划第10条第3句讲什么?"], "后一条呢?", "行动计划第11条讲什么?"),
        (["行动计划第十条讲什么?"], "那么第九条呢?", "行动计划第九条讲什么?"),
        (["行动计划第十条讲什么?"], "最后一条呢?", "行动计划最后一条讲什么?"),
        (["个保法第十三条怎么规定的?"], "第二款呢?", "个保法第十三条第二款怎么规定的?"),
        (["个保法第十三条第一款怎么规定的?"], "第二款呢?", "个保法第十三条第二款怎么规定的?"),
        (["个保法第十三条第一款怎么规定的?"], "它的第三项呢?", "个保法第十三条第一款第三项怎么规定的?"),
        (["个保法第十三条第一款第二项怎么规定的?"], "下一项呢?", "个保法第十三条第一款第三项怎么规定的?"),
        (["个保法第十三条第一款第二项怎么规定的?"], "那第十四条呢?", "个保法第十四条怎么规定的?"),
        (["第十条讲什么?", "那下一条呢?"], "再下一条呢?", "第十二条讲什么?"),
        (["第十条讲什么?", "那下一条呢?"], "下一条呢?", "第十二条讲什么?"),
        (["第十条讲什么?"], "再往下一条说了啥", "第十一条讲什么?"),
        (["第十条讲什么?", "那下一条呢?", "第二款呢?"], "那上一条呢?", "第十条讲什么?"),
        (["What does Article 6 of the GDPR say?"], "And Article 7?", "What does Article 7 of the GDPR say?"),
        (["What does Article 6 of the GDPR say?"], "What about paragraph 2?",
         "What does Article 6(2) of the GDPR say?"),
        (["What does Article 6(1) of the GDPR say?"], "And point (f)?", "What does Article 6(1)(f) of the GDPR say?"),
        (["What does Article 6(1) of the GDPR say?"], "And paragraph 4?", "What does Article 6(4) of the GDPR say?"),
        (["What does Article 6 of the GDPR say?"], "And the next article?", "What does Article 7 of the GDPR say?"),
        (["What does Article 6 of the GDPR say?"], "What about the previous one?",
         "What does Article 5 of the GDPR say?"),
        (["What does Article 6 of the GDPR say?"], "And recital 40?", "What does recital 40 of the GDPR say?"),
        # one thing exchanged for another of its kind
        (["2024年青岛港货物吞吐量是多少?"], "那2022年呢?", "2022年青岛港货物吞吐量是多少?"),
        (["What was the throughput of the port in 2024?"], "And in 2022?",
         "What was the throughput of the port in 2022?"),
        (["2023年和2024年各是多少?"], "那2022年呢?", "2023年和2024年各是多少? 那2022年呢?"),
        (["《我的朋友安德烈》入围了哪个单元?"], "那《狮子》呢?", "《狮子》入围了哪个单元?"),
        (["民法典第十条讲什么?"], "那刑法呢?", "刑法第十条讲什么?"),
        (["民法典第十条讲什么?", "那刑法呢?"], "第二款呢?", "刑法第十条第二款讲什么?"),
        (["体检标准(视力)是什么?"], "那(听力)呢?", "体检标准(听力)是什么?"),
        (["糖尿病能参加体检吗?"], "那高血压呢?", "糖尿病能参加体检吗? 那高血压呢?"),
        # what points back
        (["《我的朋友安德烈》入围了哪个单元?"], "它要和几部外国影片竞争?",
         "《我的朋友安德烈》要和几部外国影片竞争?"),
        (["2024年青岛港货物吞吐量是多少?"], "它在全球排第几?",
         "2024年青岛港货物吞吐量是多少? 它在全球排第几?"),
        (["谁访问了中国?"], "他在上海参观了什么企业?", "谁访问了中国? 他在上海参观了什么企业?"),
        (["在哪些领域优先部署?"], "这些系统要定期评估什么?", "在哪些领域优先部署? 这些系统要定期评估什么?"),
        (["推广哪些技术?"], "那在节能方面又鼓励做什么?", "推广哪些技术? 那在节能方面又鼓励做什么?"),
        (["个人信息怎么保护?"], "该法什么时候施行?", "个人信息怎么保护? 该法什么时候施行?"),
        (["成立什么组织?", "它何时成立?"], "那么总部呢?", "成立什么组织? 那么总部呢?"),
        (["建立哪两项机制?", "其中一项是科学小组吗?"], "另一项呢?", "建立哪两项机制? 另一项呢?"),
        (["Who may process data?"], "Do they need consent?", "Who may process data? Do they need consent?"),
        (["What is the AI Act?"], "When does it apply?", "What is the AI Act? When does it apply?"),
        # too bare to stand alone
        (["成立什么组织?"], "总部设在哪?", "成立什么组织? 总部设在哪?"),
        (["青岛港吞吐量是多少?"], "全球能排第几", "青岛港吞吐量是多少? 全球能排第几"),
        (["老城区保留了多少建筑?"], "里面引进了什么新店?", "老城区保留了多少建筑? 里面引进了什么新店?"),
        (["总部设在哪里?"], "为什么选在那里?", "总部设在哪里? 为什么选在那里?"),
        (["试用期可以约定几次?"], "多久?", "试用期可以约定几次? 多久?"),
        (["酒后驾车违法吗?"], "处罚呢?", "酒后驾车违法吗? 处罚呢?"),
        (["Who is protected?"], "And what about children?", "Who is protected? And what about children?"),
        (["Who is protected?"], "Why?", "Who is protected? Why?"),
        (["Is profiling allowed?"], "The penalty?", "Is profiling allowed? The penalty?"),
        # another subject
        (["2024年青岛港货物吞吐量是多少?"], "换个话题,行动计划第六条讲什么?", "行动计划第六条讲什么?"),
        (["第十条讲什么?"], "换个话题：它呢", "它呢"),
        (["第十条讲什么?"], "顺便问一下,试用期最长多久?", "试用期最长多久?"),
        (["第十条讲什么?"], "顺便问一下,下一条呢?", "第十一条讲什么?"),
        (["Who is protected?"], "By the way, what is a controller?", "what is a controller?"),
        (["第十条讲什么?", "换个话题,试用期最长多久?"], "那处罚呢?", "试用期最长多久? 那处罚呢?"),
        ([], "换个话题,试用期最长多久?", "试用期最长多久?"),
    ],
)  # fmt: skip
def test_a_follow_up_is_completed_from_the_conversation(history: list[str], question: str, expected: str) -> None:
    assert standalone(question, history, language(question)) == expected


@pytest.mark.parametrize(
    "question",
    [
        "标准制修订依托哪些国际组织?",
        "民法典第十条讲什么?",
        "《劳动合同法》第三十九条怎么规定的?",
        "红烧肉怎么做?",
        "猫为什么怕水?",
        "应该向谁投诉?",
        "哪些行为侵害他人隐私?",
        "其他国家的公民可以申请吗?",
        "圣地亚哥这次是第三次访问中国吗?",
        "什么情况下我可以设置留置权呢?",
        "什么是最高额抵押?其特殊性在哪里?",
        "老板不发工资,这合法吗?",
        "小张被公司辞退,他能要求赔偿吗?",
        "总部经济补贴政策由哪个部门负责制定和实施?",
        "那这个计划里对公共部门用人工智能有什么要求呢，说详细点",
        "Which green computing technologies does the action plan promote?",
        "When was the AI Act adopted and when does it apply?",
        "Who won the 2022 World Cup?",
        "Does a system that translates text need a label?",
        "How long may personal data be kept by a hospital?",
    ],
)
def test_a_complete_question_is_not_dragged_back(question: str) -> None:
    assert standalone(question, ["行动计划第十条讲什么?", "那下一条呢?"], language(question)) is None
    assert standalone(question, [], language(question)) is None


def test_a_follow_up_without_a_conversation_stays_as_it_is() -> None:
    for question in ("它呢?", "那下一条呢?", "And Article 7?", "处罚呢?"):
        assert standalone(question, [], language(question)) is None


def test_the_question_sets_are_told_apart() -> None:
    rows = [
        json.loads(row) for name in ("page", "page_more") for row in (EVAL / f"{name}.jsonl").open(encoding="utf-8")
    ]
    follow_ups = [row for row in rows if row.get("history")]
    assert len(follow_ups) >= 10
    for row in follow_ups:
        assert standalone(row["question"], row["history"], row["lang"]), row["question"]
    for row in rows:
        if not row.get("history"):
            assert standalone(row["question"], ["支持建立哪两项机制?"], row["lang"]) is None, row["question"]


@pytest.mark.parametrize(
    ("question", "joined"),
    [
        ("在全世界排第几?", True),  # opens with a preposition, and names nothing
        ("通过哪些办法来帮?", True),
        ("哪天提出来的", True),
        ("对普通公众又有什么说法?", True),
        ("一共办几天?", True),
        ("具体点了哪两样的名?", True),
        ("青岛港在全世界排第几?", False),  # says of what
        ("怎么让AI研发更省电?", False),
        ("《民法典》里在哪一条?", False),
        ("数据要怎么保护?", False),
        ("通过哪些办法来帮助发展中国家加强人工智能能力建设?", False),  # too long to lack anything
    ],
)
def test_what_says_nothing_of_its_subject_may_go_behind_the_question_before(question: str, joined: bool) -> None:
    before = "行动计划第七条讲什么?"
    assert behind(question, [before], "zh") == (f"{before} {question}" if joined else None)
    assert behind(question, [], "zh") is None
