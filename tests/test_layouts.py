"""Hard layouts, each with the tree it must give: how laws are really printed, typed and pasted."""
# ruff: noqa: E501 (a layout reads best as it stands)

import pytest
from test_structure import outline, parse


def tree(text: str) -> dict[str, dict[str, str]]:
    """Title -> path -> text without white space, of every document in `text`; front matter left out."""
    return {
        document.title: {
            path: "".join(words.split())
            for path, words in outline(document).items()
            if not path.startswith(("preamble", "paragraph"))
        }
        for document in parse(text)
    }


LAYOUTS = {
    "chapters, sections, articles": (
        "甲法\n第一章 总则\n第一条 一。\n第二章 规则\n第一节 通则\n第二条 二。\n第二节 特则\n第三条 三。\n附则\n第四条 四。\n",
        {
            "甲法": {
                "article 1": "第一条一。",
                "article 2": "第二条二。",
                "article 3": "第三条三。",
                "article 4": "第四条四。",
            }
        },
    ),
    "books and articles beyond one thousand": (
        "甲典\n第一编 总则\n第九百九十九条 甲。\n第一千条 乙。\n第二编 物权\n第一分编 通则\n第一章 一般\n"
        "第一千零一条 丙。\n第一千零一十条 丁。\n第一千二百六十条 戊。\n",
        {
            "甲典": {
                "article 999": "第九百九十九条甲。",
                "article 1000": "第一千条乙。",
                "article 1001": "第一千零一条丙。",
                "article 1010": "第一千零一十条丁。",
                "article 1260": "第一千二百六十条戊。",
            }
        },
    ),
    "numerals of every kind": (
        "甲法\n第 一 条　甲。\n第２条　乙。\n第3条 丙。\n第一〇条 丁。\n第一百零两条 戊。\n第 二 百 条　己。\n第二百○一条 庚。\n",
        {
            "甲法": {
                "article 1": "第一条甲。",
                "article 2": "第２条乙。",
                "article 3": "第3条丙。",
                "article 10": "第一〇条丁。",
                "article 102": "第一百零两条戊。",
                "article 200": "第二百条己。",
                "article 201": "第二百○一条庚。",
            }
        },
    ),
    "a wrapped line that begins with a reference": (
        "甲法\n第六十四条 甲。\n第六十五条 违反本法规定，情节严重的，由县级以上主管部门依照本法\n"
        "第六十五条第一款的规定处罚。\n第六十六条 乙。\n",
        {
            "甲法": {
                "article 64": "第六十四条甲。",
                "article 65": "第六十五条违反本法规定，情节严重的，由县级以上主管部门依照本法第六十五条第一款的规定处罚。",
                "article 66": "第六十六条乙。",
            }
        },
    ),
    "a line that begins with a third party": (
        "甲法\n第一条 造成他人损害的，承担侵权责任。\n第三人有过错的，承担相应的责任。\n第二条 乙。\n",
        {
            "甲法": {
                "article 1": "第一条造成他人损害的，承担侵权责任。第三人有过错的，承担相应的责任。",
                "article 1, paragraph 1": "造成他人损害的，承担侵权责任。",
                "article 1, paragraph 2": "第三人有过错的，承担相应的责任。",
                "article 2": "第二条乙。",
            }
        },
    ),
    "inserted articles": (
        "甲法\n第一百一十九条 甲。\n第一百二十条 乙。\n第一百二十条之一　丙。\n第一百二十条之二　丁。\n第一百二十一条 戊。\n",
        {
            "甲法": {
                "article 119": "第一百一十九条甲。",
                "article 120": "第一百二十条乙。",
                "article 120-1": "第一百二十条之一丙。",
                "article 120-2": "第一百二十条之二丁。",
                "article 121": "第一百二十一条戊。",
            }
        },
    ),
    "three paragraphs, one with items and points": (
        "甲法\n第一条 甲款。\n有下列情形之一的，应当备案：\n（一）子；\n（二）丑：\n1.寅；\n2.卯。\n（三）辰。\n前款不适用于个人。\n第二条 乙。\n",
        {
            "甲法": {
                "article 1": "第一条甲款。有下列情形之一的，应当备案：（一）子；（二）丑：1.寅；2.卯。（三）辰。前款不适用于个人。",
                "article 1, paragraph 1": "甲款。",
                "article 1, paragraph 2": "有下列情形之一的，应当备案：（一）子；（二）丑：1.寅；2.卯。（三）辰。",
                "article 1, paragraph 2, item 1": "（一）子；",
                "article 1, paragraph 2, item 2": "（二）丑：1.寅；2.卯。",
                "article 1, paragraph 2, item 2, point 1": "1.寅；",
                "article 1, paragraph 2, item 2, point 2": "2.卯。",
                "article 1, paragraph 2, item 3": "（三）辰。",
                "article 1, paragraph 3": "前款不适用于个人。",
                "article 2": "第二条乙。",
            }
        },
    ),
    "a table of contents that repeats every heading": (
        "甲法\n目　　录\n第一章　总则\n第二章　处罚\n　第一节　种类\n第三章　附则\n第一章　总则\n第一条 甲。\n"
        "第二章　处罚\n第一节　种类\n第二条 乙。\n第三章　附则\n第三条 丙。\n",
        {"甲法": {"article 1": "第一条甲。", "article 2": "第二条乙。", "article 3": "第三条丙。"}},
    ),
    "a table of contents with articles and page numbers": (
        "甲法\n目录\n第一章 总则 …………… 1\n第一条 目的 …… 1\n第二条 范围 …… 2\n\n第一章 总则\n第一条 甲。\n第二条 乙。\n",
        {"甲法": {"article 1": "第一条甲。", "article 2": "第二条乙。"}},
    ),
    "two laws in one file": (
        "甲法\n（2020年1月1日通过）\n第一条 一。\n第二条 二。\n\n乙条例\n（2021年2月2日公布）\n第一条 三。\n第二条 四。\n",
        {
            "甲法": {"article 1": "第一条一。", "article 2": "第二条二。"},
            "乙条例": {"article 1": "第一条三。", "article 2": "第二条四。"},
        },
    ),
    "an article quoted in full inside another law": (
        "甲法\n第一条 甲。\n第二条 《乙法》第八条规定：\n“第八条 乙法的话。\n乙法的第二款。”\n第三条 丙。\n",
        {
            "甲法": {
                "article 1": "第一条甲。",
                "article 2": "第二条《乙法》第八条规定：“第八条乙法的话。乙法的第二款。”",
                "article 2, paragraph 1": "《乙法》第八条规定：",
                "article 2, paragraph 2": "“第八条乙法的话。",
                "article 2, paragraph 3": "乙法的第二款。”",
                "article 3": "第三条丙。",
            }
        },
    ),
    "a decision on amendments quotes what it changes": (
        "关于修改《甲法》的决定\n一、将第五条修改为：“第五条 国家保护数据，鼓励数据依法有序流动。”\n"
        "二、增加一条，作为第六条：“第六条 任何组织不得窃取数据，也不得非法出售数据。”\n三、删去第七条，其后的条文顺序作相应的调整。\n",
        {
            "关于修改《甲法》的决定": {
                "article 1": "一、将第五条修改为：“第五条国家保护数据，鼓励数据依法有序流动。”",
                "article 2": "二、增加一条，作为第六条：“第六条任何组织不得窃取数据，也不得非法出售数据。”",
                "article 3": "三、删去第七条，其后的条文顺序作相应的调整。",
            }
        },
    ),
    "traditional characters": (
        "甲條例\n第一條　為保護個人資料，制定本條例。\n第二條　本條例所稱資料，指下列各款：\n（一）姓名；\n（二）號碼。\n第三條　施行。\n",
        {
            "甲條例": {
                "article 1": "第一條為保護個人資料，制定本條例。",
                "article 2": "第二條本條例所稱資料，指下列各款：（一）姓名；（二）號碼。",
                "article 2, paragraph 1": "本條例所稱資料，指下列各款：（一）姓名；（二）號碼。",
                "article 2, paragraph 1, item 1": "（一）姓名；",
                "article 2, paragraph 1, item 2": "（二）號碼。",
                "article 3": "第三條施行。",
            }
        },
    ),
    "numbers alone on their line, and articles with titles": (
        "甲办法\n第一条\n为了规范，制定本办法。\n第二条【适用范围】\n本办法适用于境内。\n第三条（定义）　本办法所称数据，是指记录。\n",
        {
            "甲办法": {
                "article 1": "第一条为了规范，制定本办法。",
                "article 2": "第二条【适用范围】本办法适用于境内。",
                "article 3": "第三条（定义）本办法所称数据，是指记录。",
            }
        },
    ),
    "annexes behind the last article": (
        "甲办法\n第一条 甲。\n第二条 乙。\n附件1\n目录表\n附件2：申请书\n姓名。\n",
        {
            "甲办法": {
                "article 1": "第一条甲。",
                "article 2": "第二条乙。",
                "annex 1": "附件1目录表",
                "annex 2": "附件2：申请书姓名。",
            }
        },
    ),
    "a regulation in capitals": (
        "REGULATION ON BEES\n\nARTICLE 1\n\nSCOPE\n\n1. It applies to bees.\n\n2. It does not apply to:\n\n(a) wasps;\n\n"
        "(b) flies.\n\nARTICLE 2\n\nENTRY INTO FORCE\n\nIt shall enter into force at once.\n",
        {
            "REGULATION ON BEES": {
                "article 1": "ARTICLE1SCOPE1.Itappliestobees.2.Itdoesnotapplyto:(a)wasps;(b)flies.",
                "article 1, paragraph 1": "1.Itappliestobees.",
                "article 1, paragraph 2": "2.Itdoesnotapplyto:(a)wasps;(b)flies.",
                "article 1, paragraph 2, point a": "(a)wasps;",
                "article 1, paragraph 2, point b": "(b)flies.",
                "article 2": "ARTICLE2ENTRYINTOFORCEItshallenterintoforceatonce.",
            }
        },
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_hard_layout_gives_its_tree(layout: str) -> None:
    text, expected = LAYOUTS[layout]
    found = tree(text)
    assert {title: list(paths) for title, paths in found.items()} == {t: list(paths) for t, paths in expected.items()}
    assert found == expected
