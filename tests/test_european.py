"""European law and contracts: recitals, articles, paragraphs, points, annexes, each under its path."""

import random
from collections import Counter
from pathlib import Path

import pytest
from test_structure import outline, parse

from rag.read import read
from rag.records import Document

CORPORA = Path(__file__).parents[2] / "shared" / "corpora" / "en"

REGULATION = """\
REGULATION (EU) 2030/7 OF THE EUROPEAN PARLIAMENT AND OF THE COUNCIL

of 13 June 2030

on the keeping of bees

Having regard to the Treaty, and in particular Article 114 thereof,

Whereas:

(1) Bees are kept in all Member States. Their number falls. (1)

(2) Article 8 of the Charter applies.

It does so to beekeepers as well.

HAVE ADOPTED THIS REGULATION:

CHAPTER I

GENERAL PROVISIONS

ARTICLE 1

Subject matter

This Regulation lays down rules on bees. It binds keepers.

Article 2
Definitions

For the purposes of this Regulation:

(1) ‘bee’ means an insect that is:

(a) kept by man; or

(b) wild;

(2) ‘keeper’ means a person.

SECTION 1

Duties of keepers

Article 3

Duties

1. A keeper shall:

(a) feed the bees;

(b) water them;

(c) count them;

(d) house them;

(e) move them;

(f) mark them;

(g) weigh them;

(h) report, without undue delay:

(i) a loss of more than half of the bees;

(ii) any disease.

Point (h) applies from the day on which the loss is known.

Article 3(1) shall not apply to wild bees.

2. Keepers may:

(a) sell honey;

(b) give it away.

This applies all year. However:

(a) not in winter.

3a. Fines are laid down in Annex II.

Article 4

This Regulation shall enter into force on the twentieth day.

It shall apply from 2 August 2031.

This Regulation shall be binding in its entirety and directly applicable in all Member States.

Done at Brussels, 13 June 2030.

(1) OJ C 229, 31.7.2029, p. 90.

ANNEX I

Forms

Section A — For keepers

1. Name.

2. Address:

(a) street;

(b) town.

Section B

1. Date.

ANNEX II

FINES

1. Overview

1.1. A fine is at least 10 euro.

1.2. A fine is at most 100 euro.
"""


def test_a_regulation_is_its_recitals_articles_and_annexes() -> None:
    (document,) = parse(REGULATION)
    assert (document.lang, document.kind, document.date) == ("en", "statute", "2030-06-13")
    assert document.issuer == "European Parliament and Council"
    found = outline(document)
    assert [path for path in found if path.split(" ")[0] not in ("paragraph", "preamble")] == [
        "recital 1",
        "recital 2",
        "article 1",
        "article 2",
        "article 2, point 1",
        "article 2, point 1, subpoint a",
        "article 2, point 1, subpoint b",
        "article 2, point 2",
        "article 3",
        "article 3, paragraph 1",
        "article 3, paragraph 1, point a",
        *(f"article 3, paragraph 1, point {letter}" for letter in "bcdefg"),
        "article 3, paragraph 1, point h",
        "article 3, paragraph 1, point h, subpoint i",
        "article 3, paragraph 1, point h, subpoint ii",
        "article 3, paragraph 2",
        "article 3, paragraph 2, point a",
        "article 3, paragraph 2, point b",
        "article 3, paragraph 3a",
        "article 4",
        "article 4, paragraph 1",
        "article 4, paragraph 2",
        "annex I",
        "annex I, section A",
        "annex I, section A, point 1",
        "annex I, section A, point 2",
        "annex I, section A, point 2, subpoint a",
        "annex I, section A, point 2, subpoint b",
        "annex I, section B",
        "annex I, section B, point 1",
        "annex II",
        "annex II, point 1",
        "annex II, point 1, subpoint 1",
        "annex II, point 1, subpoint 2",
    ]
    assert found["recital 2"].endswith("It does so to beekeepers as well.")
    assert found["article 3, paragraph 1"].endswith("Article 3(1) shall not apply to wild bees.")
    assert found["article 3, paragraph 1, point h"].endswith("(ii) any disease.")
    assert found["article 4, paragraph 2"] == "It shall apply from 2 August 2031."


def test_what_stands_outside_articles_is_apart_and_footnotes_are_no_recitals() -> None:
    (document,) = parse(REGULATION)
    apart = [document.text_of(p) for p in document.provisions if p.path[0][0] == "paragraph"]
    assert any(text.startswith("(1) OJ C 229") for text in apart)
    assert any(text.startswith("This Regulation shall be binding in its entirety") for text in apart)
    assert all("OJ C 229" not in text for path, text in outline(document).items() if not path.startswith("paragraph"))


def test_chapters_and_sections_are_headings_and_the_line_below_names_them() -> None:
    (document,) = parse(REGULATION)
    headings = {p.path: p.headings for p in document.provisions}
    assert headings[(("article", "1"),)] == ("CHAPTER I GENERAL PROVISIONS",)
    assert headings[(("article", "3"),)] == ("CHAPTER I GENERAL PROVISIONS", "SECTION 1 Duties of keepers")
    assert headings[(("annex", "I"),)] == ()


def test_the_labels_are_those_that_lawyers_write() -> None:
    (document,) = parse(REGULATION)
    labels = {document.label(p.path).removeprefix(document.title + ", ") for p in document.provisions}
    assert {"Article 3(1)(h)(ii)", "Recital 2", "Article 2(1)(a)", "Annex II, point 1.2", "Article 3(3a)"} <= labels
    assert "Annex I, Section A, point 2(a)" in labels


CONTRACT = """\
SERVICE AGREEMENT

Table of Contents
1. Definitions
2. Services
3. Fees

This agreement is made between A and B.

1. Definitions

1.1 “Data” means what the Customer enters.

1.2 “Fees” means the fees of clause 3.

2. Services

2.1 The Supplier shall:

(a) provide the Services;

(b) keep records:

(i) of access; and

(ii) of changes.

2.2 Subject to clause 2.1:

2.2.1 records are kept for two years; and

2.2.2 they are deleted then.

3. Fees

3.1 Fees are due within 30 days.
"""


def test_a_contract_numbered_in_decimals_has_clauses_and_subclauses() -> None:
    (document,) = parse(CONTRACT)
    found = {path: text for path, text in outline(document).items() if path.startswith("article")}
    assert list(found) == [
        "article 1",
        "article 1, paragraph 1",
        "article 1, paragraph 2",
        "article 2",
        "article 2, paragraph 1",
        "article 2, paragraph 1, point a",
        "article 2, paragraph 1, point b",
        "article 2, paragraph 1, point b, subpoint i",
        "article 2, paragraph 1, point b, subpoint ii",
        "article 2, paragraph 2",
        "article 2, paragraph 2, point 1",
        "article 2, paragraph 2, point 2",
        "article 3",
        "article 3, paragraph 1",
    ]
    assert found["article 2, paragraph 2, point 2"] == "2.2.2 they are deleted then."
    assert document.label((("article", "2"), ("paragraph", "2"), ("point", "2"))).endswith("Article 2.2.2")


TRANSLATED = """\
Personal Data Law

Chapter I General Provisions

Article 1 This Law is enacted to protect personal data.

Article 2 The personal data of natural persons is protected by law. No organization may infringe it.

Chapter II Rules

Article 3 Data may be handled only where:

(1) consent has been given;

(2) a contract requires it, including:

(a) a contract of employment.

The preceding paragraph does not apply to public bodies.

Article 4-1 of the Civil Code applies as well.

Article 5 The term “Article 6 data” means nothing.
"""


def test_a_translated_statute_has_its_text_behind_the_number() -> None:
    (document,) = parse(TRANSLATED)
    found = {path: text for path, text in outline(document).items() if path.startswith("article")}
    assert list(found) == [
        "article 1",
        "article 2",
        "article 3",
        "article 3, paragraph 1",
        "article 3, paragraph 1, point 1",
        "article 3, paragraph 1, point 2",
        "article 3, paragraph 1, point 2, subpoint a",
        "article 3, paragraph 2",
        "article 3, paragraph 3",
        "article 5",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Report\n\nArticle 5 of the Act was discussed. Article 6 was not.\n\nNothing else was said.\n",
        "Shopping\n\n1. milk and bread\n\n2. some eggs.\n",
        "Paper\n\nArticle 19 protects speech.\n\nWe agree with that view.\n",
    ],
)
def test_a_text_that_only_speaks_of_articles_has_none(text: str) -> None:
    (document,) = parse(text)
    assert {p.path[0][0] for p in document.provisions} == {"paragraph"}


JUMBLE = (
    "Article 1|Article 2|ARTICLE 3|Article IV|Article 4a|Article 5(1)|# Article 6 Scope|CHAPTER I|SECTION 2|Rules|"
    "1. |2. |3.|1.1 |1.2. |2.1.1 |(1) |(2)|(a) |(b) |(i) |(ii)|(h) |(j) |(aa) |a) |— |ANNEX|ANNEX I|# Annex II|"
    "PART A|Section A|"
    "Whereas:|HAVE ADOPTED|Done at Rome|(1) OJ L 1|[^1]: note|The keeper shall pay.|of the|and:|Contents|# Title|**|."
)


def test_any_jumble_of_marks_gives_sound_trees() -> None:
    marks = [*JUMBLE.split("|"), "\n", "\n\n", "\n\n", " "]
    chooser = random.Random(11)
    kinds = set()
    for _ in range(3000):
        kinds |= {d.kind for d in parse("The text\n\n" + "".join(chooser.choices(marks, k=chooser.randint(1, 60))))}
    assert kinds == {"statute", "other"}


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not here")
@pytest.mark.parametrize(
    ("name", "articles", "recitals", "annexes"),
    [("EU_AI_Act_2024_1689.md", 113, 180, 13), ("GDPR_2016_679.md", 99, 173, 0)],
)
def test_every_article_recital_and_annex_of_a_regulation_is_found(
    name: str, articles: int, recitals: int, annexes: int
) -> None:
    (document,) = parse(read(CORPORA / name).text)
    top = [p.path[0] for p in document.children(())]
    assert [n for kind, n in top if kind == "article"] == [str(n) for n in range(1, articles + 1)]
    assert [n for kind, n in top if kind == "recital"] == [str(n) for n in range(1, recitals + 1)]
    assert Counter(kind for kind, _ in top)["annex"] == annexes
    assert sum(1 for p in document.provisions if p.path[-1][0] == "point") > 370


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not here")
@pytest.mark.parametrize(
    ("name", "place", "start"),
    [
        (
            "GDPR_2016_679.md",
            "article 6, paragraph 1, point f",
            "(f) processing is necessary for the purposes of the legit",
        ),
        (
            "GDPR_2016_679.md",
            "article 4, point 16, subpoint a",
            "(a) as regards a controller with establishments in more",
        ),
        ("GDPR_2016_679.md", "article 83, paragraph 5, point a", "(a) the basic principles for processing"),
        (
            "EU_AI_Act_2024_1689.md",
            "article 5, paragraph 1, point h, subpoint iii",
            "(iii) the localisation or identification",
        ),
        ("EU_AI_Act_2024_1689.md", "article 3, point 67", "(67) ‘floating-point operation’ means"),
        (
            "EU_AI_Act_2024_1689.md",
            "annex III, point 5, subpoint b",
            "(b) AI systems intended to be used to evaluate the cred",
        ),
        ("EU_AI_Act_2024_1689.md", "annex VIII, section B, point 9", "9. Any Member States in which the AI system"),
    ],
)
def test_points_of_the_regulations_have_their_text(name: str, place: str, start: str) -> None:
    documents: list[Document] = parse(read(CORPORA / name).text)
    assert outline(documents[0])[place].startswith(start)
