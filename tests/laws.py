"""Small laws, a plan and a regulation with the titles of real ones, for tests of questions that name provisions."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rag.records import Document
from rag.source import Source
from rag.structure import structure
from tests.plan import plan


def document(title: str, body: str, date: str | None = None) -> Document:
    text = f"# {title}\n\n{body}\n"
    (found,) = structure(Source(text), f"{title}.md", hashlib.sha256(f"{text}{date}".encode()).hexdigest())
    return replace(found, date=date)


def law(title: str, articles: int, date: str | None = None) -> Document:
    return document(title, "\n\n".join(f"第{n}条 {title}的第{n}项要求。" for n in range(1, articles + 1)), date)


PRIVACY = """第一章 总则

第一条 为了保护个人信息，制定本法。

第二条 符合下列情形之一的，可以处理个人信息：

（一）取得个人的同意；

（二）为履行合同所必需。

依照前款第二项处理的，不需要取得同意。处理结果应当公开。

第二章 附则

第三条 本法自2021年11月1日起施行。
"""
CRIMES = "第一条 甲。\n\n第二条 乙。\n\n第二条之一 丙。\n\n第二条之二 丁。\n\n第三条 戊。"
REGULATION = """Whereas:

(1) Natural persons have rights.

(2) Open-source software is used.

HAVE ADOPTED THIS REGULATION:

Article 1
Subject matter

1. This Regulation protects natural persons.

2. It protects:

(a) rights;

(b) freedoms.

Article 2
Scope

1. It applies to processing.

Article 3
Entry into force

It enters into force today.

ANNEX I

Lists

1. A first point:

(a) with one part;

(b) with another.

ANNEX II

Other lists

1. A point.

2. Another point.
"""


def laws() -> list[Document]:
    """个人信息保护法 of three articles, 刑法 of three and two inserted, two versions of 公司法, a plan of three."""
    return [
        document("中华人民共和国个人信息保护法", PRIVACY, "2021-08-20"),
        document("中华人民共和国刑法", CRIMES, "2020-12-26"),
        law("中华人民共和国民事诉讼法", 4),
        law("最高人民法院关于适用《中华人民共和国民事诉讼法》的解释", 5),
        law("最高人民法院关于适用《中华人民共和国保险法》若干问题的解释（二）", 3),
        law("中华人民共和国消费者权益保护法", 4),
        law("中华人民共和国治安管理处罚法", 4),
        law("中华人民共和国劳动合同法", 4),
        law("中华人民共和国劳动合同法实施条例", 4),
        law("中华人民共和国社会保险法", 4),
        law("中华人民共和国民法典", 9),
        law("中华人民共和国公司法", 3, "2018-10-26"),
        law("中华人民共和国公司法", 4, "2023-12-29"),
        law("互联网信息服务算法推荐管理规定", 3),
        document("Regulation (EU) 2016/679 (General Data Protection Regulation)", REGULATION),
        plan(),
    ]
