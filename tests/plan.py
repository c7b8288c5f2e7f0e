"""A small plan of three articles for unit tests: the same shapes as the real one, written for this purpose."""

from __future__ import annotations

import hashlib

from rag.records import Document, Hit
from rag.source import Source
from rag.structure import structure

TEXT = """# 城市公园行动计划

为了保护公园,制定本计划。

一、加强安全检查。公园管理机构应当每年对游乐设施进行安全检查,并公布检查结果。公园每日开放时间不得少于十二小时。

二、鼓励公众参与。鼓励单位和个人以捐赠、认养、志愿服务等方式参与公园的保护。支持在《绿色契约》框架下建立两项机制。

三、推广节能技术。到2030年,推广低功耗照明、高效水泵等节能技术,能耗降低百分之五。非机动车可以进入公园外环。
"""


def plan() -> Document:
    (document,) = structure(Source(TEXT), "plan.md", hashlib.sha256(TEXT.encode()).hexdigest())
    return document


def hits() -> list[Hit]:
    """The three articles as if retrieved, the first best."""
    document = plan()
    articles = [document.by_path[("article", str(n)),] for n in (1, 2, 3)]
    return [Hit(document, article, 1.0 - n / 10, "dense", 0.9) for n, article in enumerate(articles)]
