"""Documents to lay before the page: a plan of three articles, a long law, a European one, a scan, a hostile one."""

from __future__ import annotations

from dataclasses import replace

from payloads import PAYLOADS

from rag.numerals import to_chinese
from rag.records import Document, Provision
from rag.source import Page, Source
from rag.structure import structure

SIX = "六、推进数据供给。依法有序推动数据流动，打造高质量数据集。加强个人隐私保护。"
SEVEN = "七、妥善应对能源和环境问题。倡导可持续发展理念，推广低功耗芯片、高效算法等绿色计算技术。开展合作研究。"
ODD = f"八、{' '.join(PAYLOADS[:5])}结束。"
TEXT = "\n\n".join(["序言。", SIX, SEVEN, ODD])


def plan() -> Document:
    """Three articles, each with its sentences; the third is hostile."""
    provisions = []
    for number, article in (("6", SIX), ("7", SEVEN), ("8", ODD)):
        start = TEXT.index(article)
        provisions.append(Provision((("article", number),), start, start + len(article)))
        for at, sentence in enumerate(filter(None, article.split("。") if number != "8" else [article[:-1]]), 1):
            begin = TEXT.index(sentence, start)
            path = (("article", number), ("sentence", str(at)))
            provisions.append(Provision(path, begin, begin + len(sentence) + 1))
    title, by, date = "人工智能全球治理行动计划", "新华社", "2025-07-26"
    return Document("plan", title, "zh", "policy", "plan.md", TEXT, tuple(provisions), by, date)


def law(articles: int = 1260) -> Document:
    """As long as the Civil Code: parts and chapters, two 款 an article, references within and to the plan."""
    parts = ["# 中华人民共和国试用法"]
    for n in range(1, articles + 1):
        if n % 180 == 1:
            parts.append(f"# 第{to_chinese(n // 180 + 1)}编　{'甲乙丙丁戊己庚'[n // 180]}编")
        if n % 30 == 1:
            parts.append(f"## 第{to_chinese(n % 180 // 30 + 1)}章　事项{n // 30 + 1}")
        parts.append(f"**第{to_chinese(n)}条**　当事人办理第{n}号事项，{'不得违背公序良俗，' * 6}法律另有规定的除外。")
        other = "《人工智能全球治理行动计划》第七条" if n == 1165 else f"本法第{to_chinese(n % 9 + 1)}条"
        parts.append(f"有前款规定情形的，依照{other}的规定处理。")
    return structure(Source("\n\n".join(parts)), "law.md", "f" * 64)[0]


RULES = """\
Whereas:

(1) The protection of natural persons in relation to the processing of personal data is a fundamental right.

HAVE ADOPTED THIS REGULATION:

CHAPTER I

GENERAL PROVISIONS

Article 1

Subject matter

This Regulation protects natural persons with regard to the processing of personal data.

CHAPTER II

PRINCIPLES

Article 5

Principles relating to processing

1. Personal data shall be:

(a) processed lawfully, fairly and in a transparent manner;

(b) adequate, relevant and limited to what is necessary.

2. The controller shall be able to demonstrate compliance with paragraph 1.

Article 6

Lawfulness of processing

1. Processing shall be lawful only if at least one of the following applies:

(a) the data subject has given consent;

(b) it is necessary for the performance of a contract;

(c) it is necessary for compliance with a legal obligation;

(d) it is necessary to protect vital interests;

(e) it is necessary for a task carried out in the public interest;

(f) it is necessary for the purposes of the legitimate interests pursued by the controller.

Point (f) shall not apply to public authorities.

2. Where processing is based on consent, Article 5(1)(a) shall apply.
"""


def european() -> Document:
    """A regulation with recitals, chapters, paragraphs and points."""
    return structure(Source(RULES), "GDPR.md", "c" * 64)[0]


def scanned() -> Document:
    """A document read from two pages, the second of which begins inside an article."""
    text = "试用办法\n\n第一条　为了试用。\n\n第二条　适用于第一页。也适用于第二页。\n\n第三条　自公布之日起施行。"
    pages = (Page(0, 1), Page(text.index("也适用"), 2))
    return structure(Source(text, pages), "scan.pdf", "e" * 64)[0]


def hostile() -> Document:
    """An article for each of PAYLOADS; its title and its file's name are hostile too."""
    articles = (f"第{to_chinese(n)}条　{payload}" for n, payload in enumerate(PAYLOADS, 1))
    text = "\n\n".join(["# 试用", *articles])
    made = structure(Source(text), PAYLOADS[0], "d" * 64)[0]
    return replace(made, title=PAYLOADS[0], issuer=PAYLOADS[2], source=PAYLOADS[3])


def many() -> list[Document]:
    """As many small rules as make 206 documents with the four above."""
    texts = (f"# 第{to_chinese(n)}号规定\n\n第一条　本规定只有一条。" for n in range(1, 203))
    return [structure(Source(text), f"{n}.md", f"{n:03}".ljust(64, "b"))[0] for n, text in enumerate(texts, 1)]
