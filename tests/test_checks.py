"""What a reader is told of a document before trusting it."""

import pytest
from test_structure import parse

from rag.checks import counts, notes
from rag.records import Document
from rag.source import Piece
from rag.terminal import tree


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("甲法\n第一条 甲。\n第二条 乙。\n第二条之一 丙。\n第三条 丁。\n", []),
        ("甲法\n第一条 甲。\n第二条 乙。\n第五条 丙。\n", [("第二条", "第五条")]),
        ("甲法\n第一条 甲。\n第二条之三 乙。\n第四条 丙。\n", [("第二条之三", "第四条")]),
        ("Act\n\nArticle 1\n\nIt is so.\n\nArticle 1a\n\nYes.\n\nArticle 4\n\nNo.\n", [("Art. 1a", "Art. 4")]),
    ],
)
def test_a_gap_in_the_numbering_is_named(text: str, gaps: list[tuple[str, str]]) -> None:
    (document,) = parse(text)
    found = notes(document)
    assert [(note.values["before"], note.values["after"]) for note in found] == gaps
    assert all(before in note.words("zh") for note, (before, _) in zip(found, gaps, strict=True))


def with_pieces(*pieces: Piece) -> Document:
    (document,) = parse("甲法\n第一条 甲。\n第二条 乙。\n")
    values = {name: getattr(document, name) for name in document.__dataclass_fields__}
    return Document(**{**values, "pieces": pieces})


def test_unsure_pages_and_joined_pieces_are_named() -> None:
    document = with_pieces(Piece(0, 10, 0, 1, 0.97), Piece(10, 17, 10, 2, 0.71, 0.55))
    assert [(note.key, note.values) for note in notes(document)] == [
        ("note_unsure", {"page": 2, "confidence": 0.71}),
        ("note_joined", {"n": 1, "least": 0.55}),
    ]


def test_the_tree_shows_counts_warnings_pages_and_colour_only_when_asked() -> None:
    document = with_pieces(Piece(0, 17, 0, 3, 0.71))
    plain = "\n".join(tree(document))
    assert "\x1b" not in plain and "\x1b[33m" in "\n".join(tree(document, color=True))
    assert "0.71" in plain and " 3" in plain and "71%" in plain
    assert counts(document) == {"article": 2}
