"""Claims about documents that visitors upload: whose they are, what is refused, how they are asked. No model."""

from __future__ import annotations

import io
import random
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import lexical
from rag.chunk import chunk
from rag.errors import TiaoYinError, UsageError
from rag.records import Document
from rag.search import OWN, Found, Only, Search
from rag.settings import Settings
from rag.visitors import IDLE, MB, Step, Upload, Visitors, found, new_id
from tests.built import Characters, searched
from tests.laws import laws
from tests.plan import TEXT, plan
from tests.test_find import NEW, OLD

RULES = """# 小区养犬公约

第一条 为了邻里和睦，制定本公约。

第二条 犬只应当拴绳，绳长不超过一米五。

第四条 违反的，劝阻。
"""
SHARED = [each for each in laws() if "公司法" not in each.title and each.title != plan().title]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Search:
    return searched(tmp_path_factory.mktemp("index"), [*SHARED, NEW])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def visitors(clock: Clock | None = None, **settings: Any) -> Visitors:
    return Visitors(Settings(**settings), Characters, clock or Clock())


def upload(name: str, data: str | bytes) -> Upload:
    return Upload(name, data.encode() if isinstance(data, str) else data)


def ends(steps: Sequence[Step]) -> list[tuple[str, str, str]]:
    """How each file ended: name, stage, key of the error."""
    return [(s.name, s.stage, s.error.key if s.error else "") for s in steps if s.stage in ("done", "failed")]


def added(to: Visitors, visitor: str, *uploads: Upload) -> list[tuple[str, str, str]]:
    return ends(list(to.add(visitor, uploads)))


def titles(result: Found) -> list[str]:
    return [hit.document.title for hit in result.hits]


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def test_a_file_is_read_then_embedded_then_there_and_what_was_found_is_said() -> None:
    all_of_them, me = visitors(), new_id()
    steps = list(all_of_them.add(me, [upload("公约.md", RULES), upload("x.exe", b"MZ")]))
    assert [(s.n, s.of, s.stage) for s in steps] == [(1, 2, "read"), (1, 2, "embed"), (1, 2, "embed"), (1, 2, "done"),
                                                     (2, 2, "read"), (2, 2, "failed")]  # fmt: skip
    done = steps[3].kept
    assert done and steps[1].total == steps[2].done == len(done.chunks) == len(done.vectors)
    (document,) = all_of_them.documents(me)
    assert document.doc_id.startswith(OWN) and document.source == "公约.md"
    assert document.text == RULES and all(piece.doc_id == document.doc_id for piece in done.chunks)
    counted, warnings = found(document, "zh")
    assert counted == "3 条" and warnings == [
        "编号不连续：第二条之后是第四条。原文可能如此，也可能有条文没有读出，请对照原文。"
    ]
    failed = steps[5].error
    assert failed and failed.key == "document_kind_unknown" and "x.exe" in str(failed)


def test_a_long_document_is_embedded_step_by_step_and_stopping_keeps_nothing_of_it() -> None:
    all_of_them, me = visitors(), new_id()
    law = "# 长法\n\n" + "\n\n".join(f"第{n}条 第{n}项要求。" for n in range(1, 200))
    steps = all_of_them.add(me, [upload("长法.md", law)])
    seen = [next(steps) for _ in range(6)]
    assert [(s.done, s.total) for s in seen[1:]] == [(0, 199), (64, 199), (128, 199), (192, 199), (199, 199)]
    steps.close()
    assert all_of_them.files(me) == []
    assert added(all_of_them, me, upload("长法.md", law)) == [("长法.md", "done", "")]


def test_nobody_has_anothers_documents_and_they_can_be_removed(shared: Search) -> None:
    all_of_them, me, other = visitors(), new_id(), new_id()
    added(all_of_them, me, upload("公约.md", RULES), upload("计划.md", TEXT))
    added(all_of_them, other, upload("别人的.md", RULES.replace("养犬", "养猫")))
    question = "小区的犬只应当怎样拴绳？"
    mine = all_of_them.search(me, shared).find(question, [], 5, Characters)
    theirs = all_of_them.search(other, shared).find(question, [], 9, Characters)
    nobodys = all_of_them.search(new_id(), shared).find(question, [], 9, Characters)
    assert titles(mine)[0] == "小区养犬公约" and "小区养猫公约" not in titles(mine)
    assert titles(theirs)[0] == "小区养猫公约" and "小区养犬公约" not in titles(theirs)
    assert not any("公约" in title for title in titles(nobodys))
    assert all_of_them.search(new_id(), shared) is shared and shared.layout.documents.keys() == {
        each.doc_id for each in [*SHARED, NEW]
    }
    key = all_of_them.files(me)[0].key
    all_of_them.remove(other, key)  # not theirs
    assert len(all_of_them.files(me)) == 2
    all_of_them.remove(me, key)
    assert [kept.name for kept in all_of_them.files(me)] == ["计划.md"]
    assert "小区养犬公约" not in titles(all_of_them.search(me, shared).find(question, [], 9, Characters))
    all_of_them.clear(me)
    assert all_of_them.documents(me) == [] and len(all_of_them.documents(other)) == 1


@pytest.mark.parametrize("visitor", ["", "1", "../../etc/passwd", "a" * 44, "é" * 43])
def test_an_id_that_could_be_guessed_is_refused(visitor: str) -> None:
    with pytest.raises(UsageError) as refused:
        next(visitors().add(visitor, [upload("a.md", RULES)]))
    assert refused.value.key == "visitor_id"


def test_ids_are_long_and_never_the_same() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000 and len(new_id()) == 43


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../.ssh/公约.md", "公约.md"),
        ("C:\\Users\\me\\公约.md", "公约.md"),
        ("\x1b[2J\u202e公约.md", "�[2J�公约.md"),
        ("<img src=x onerror=alert(1)>.md", "<img src=x onerror=alert(1)>.md"),  # the page escapes it
        ("长" * 300 + ".md", "长" * 96 + "….md"),
    ],
)
def test_a_name_from_a_browser_leads_nowhere(given: str, kept: str) -> None:
    assert added(visitors(), new_id(), upload(given, RULES)) == [(kept, "done", "")]


@pytest.mark.parametrize("given", ["", "/", "..", "无后缀", ".md", "a.md.exe"])
def test_a_name_without_a_kind_is_refused(given: str) -> None:
    ((_, stage, key),) = added(visitors(), new_id(), upload(given, RULES))
    assert (stage, key) == ("failed", "document_kind_unknown")


def test_what_is_too_much_is_refused_and_said_without_the_servers_paths(tmp_path: Path) -> None:
    import pypdfium2
    from PIL import Image

    pdf = io.BytesIO()
    book = pypdfium2.PdfDocument.new()
    for _ in range(31):
        book.new_page(100, 100)
    book.save(pdf)
    tiff = io.BytesIO()
    picture = Image.new("L", (9, 9))
    picture.save(tiff, "TIFF", save_all=True, append_images=[picture] * 3)
    limits = {"upload_mb": 1, "upload_total_mb": 2, "upload_files": 3, "upload_clauses": 40, "upload_pages": 30}
    many = "\n\n".join(f"第{n}条 要求。" for n in range(1, 50))
    cases = {
        "大.md": (b"x" * (MB + 1), "document_too_large"),
        "弹.zip": (zipped({"a.md": random.Random(1).randbytes(MB * 3 // 4).hex().encode()}), "document_too_large"),
        "弹弹.zip": (zipped({"a.md": b" " * (8 * MB)}), "document_unpacks_too_large"),
        "多.zip": (zipped({f"{n}.md": b"x" for n in range(4)}), "visitor_files"),
        "坏.zip": (b"PK\3\4 no more", "document_damaged"),
        "厚.pdf": (pdf.getvalue(), "document_too_long"),
        "坏.docx": (b"PK\3\4 no more", "document_damaged"),
        "空.md": (b"  \n", "document_empty"),
        "碎.md": (many.encode(), "visitor_clauses"),
        "码.txt": (b"\x00\x01\x02" * 99, "document_binary"),
        "长.md": ("公园" * 6000, "document_too_long"),
        "弹.docx": (zipped({"word/document.xml": b" " * (2 * MB + 1)}), "document_unpacks_too_large"),
        "弹.xlsx": (zipped({"xl/workbook.xml": b" " * (2 * MB + 1)}), "document_unpacks_too_large"),
        "厚.tiff": (tiff.getvalue(), "document_too_long"),
        "无.zip": (zipped({"a.exe": b"MZ"}), "document_none"),
    }
    for name, (data, key) in cases.items():
        all_of_them, me = visitors(**limits), new_id()
        (failed,) = [s for s in all_of_them.add(me, [upload(name, data)]) if s.stage == "failed"]
        assert failed.error and failed.error.key == key, name
        assert name in str(failed.error) and str(tmp_path) not in str(failed.error)
        assert all_of_them.files(me) == []


def test_the_files_of_one_visitor_have_limits_together() -> None:
    all_of_them, me = visitors(upload_files=3, upload_total_mb=1), new_id()
    files = [upload(f"{n}.md", f"{RULES}\n\n{n}" + " " * 300_000) for n in range(5)]
    with pytest.raises(TiaoYinError) as refused:
        list(all_of_them.add(me, files))
    assert refused.value.key == "visitor_files" and "3.md" in str(refused.value)
    assert added(all_of_them, me, *files[:3]) == [(f"{n}.md", "done", "") for n in range(3)]
    assert added(all_of_them, me, files[0]) == [("0.md", "done", "")]  # it is there already
    assert added(all_of_them, me, files[3]) == [("3.md", "failed", "visitor_files")]
    all_of_them.remove(me, all_of_them.files(me)[0].key)
    assert added(all_of_them, me, files[3]) == [("3.md", "done", "")]
    all_of_them.remove(me, all_of_them.files(me)[0].key)
    big = upload("big.md", RULES + " " * 700_000)
    assert added(all_of_them, me, big) == [("big.md", "failed", "visitor_total")]
    assert len(all_of_them.files(me)) == 2


def test_members_of_an_archive_are_files_of_their_own() -> None:
    packed = zipped({"../../甲/公约.md": RULES.encode(), "坏.docx": b"x", "内.zip": zipped({"x.md": b"x"})})
    all_of_them, me = visitors(), new_id()
    assert added(all_of_them, me, upload("包.zip", packed)) == [
        ("包.zip!/甲/公约.md", "done", ""),
        ("包.zip!/坏.docx", "failed", "document_damaged"),
        ("包.zip!/内.zip", "failed", "document_kind_unknown"),
    ]


def test_documents_go_when_nobody_used_them_and_to_make_room() -> None:
    clock = Clock()
    all_of_them, one, two, three = visitors(clock, upload_hours=2, upload_visitors=2), new_id(), new_id(), new_id()
    for visitor in (one, two):
        added(all_of_them, visitor, upload("公约.md", RULES))
    assert added(all_of_them, three, upload("公约.md", RULES)) == [("公约.md", "failed", "visitor_crowd")]
    clock.now = IDLE
    assert all_of_them.files(one)  # used
    assert added(all_of_them, three, upload("公约.md", RULES)) == [("公约.md", "done", "")]
    assert all_of_them.files(two) == []
    clock.now += 7199
    assert all_of_them.files(one)
    clock.now += 7201
    all_of_them.sweep()
    assert all_of_them.files(one) == [] and all_of_them._visitors == {}


def test_many_at_once_each_have_their_own(shared: Search) -> None:
    all_of_them = visitors()
    pets = "犬猫兔鸟鱼龟鼠猪"
    people = {pet: (new_id(), upload(f"{pet}.md", RULES.replace("犬", pet))) for pet in pets}
    seen: dict[str, list[str]] = {}

    def visit(pet: str) -> None:
        visitor, file = people[pet]
        for _ in range(5):
            list(all_of_them.add(visitor, [file]))
            search = all_of_them.search(visitor, shared)
            seen[pet] = titles(search.find("小区公约要求怎样拴绳？", [], 9, Characters))

    threads = [threading.Thread(target=visit, args=(pet,)) for pet in pets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pet in pets:
        assert {title for title in seen[pet] if "公约" in title} == {f"小区养{pet}公约"}


def own(*documents: Document) -> tuple[dict[str, Document], Any, Any]:
    """Documents as a visitor's, for `Search.beside`."""
    held = {OWN + each.doc_id: replace(each, doc_id=OWN + each.doc_id) for each in documents}
    chunks = [piece for each in held.values() for piece in chunk(each)]
    return held, chunks, Characters().passages([piece.text for piece in chunks])


def test_both_together_find_what_one_index_of_all_would(tmp_path: Path, shared: Search) -> None:
    whole = searched(tmp_path, [*SHARED, NEW, plan()])
    both = shared.beside(*own(plan()))
    questions = "公园每日开放多少小时？ 处理个人信息应当取得谁的同意？ 能耗降低百分之几？ 城市公园行动计划第三条"
    for question in questions.split():
        one, other = (search.find(question, [], 3, Characters) for search in (whole, both))
        assert titles(one) == titles(other), question
        assert [hit.provision for hit in one.hits] == [hit.provision for hit in other.hits], question
        # Lengths are measured by another mean, hence not to the last digit.
        assert [hit.score for hit in other.hits] == pytest.approx([hit.score for hit in one.hits], abs=0.02), question


def test_words_are_weighed_by_how_many_of_all_texts_have_them(tmp_path: Path) -> None:
    first, second = ["甲方应当付款。", "乙方应当交货。", "丙方不得转让。"], ["犬只应当拴绳。", "犬只不得入内。"]
    lexical.build(first, tmp_path / "first")
    lexical.build(first + second, tmp_path / "all")
    both, one = lexical.Both(lexical.Lexical(tmp_path / "first"), second), lexical.Lexical(tmp_path / "all")
    for question in ("犬只应当怎样？", "谁不得转让？", "应当", "zzz", ""):
        assert both.scores(question) == pytest.approx(one.scores(question), rel=0.05), question
    assert [both.weight(word) for word in ("犬只", "应当", "zzz")] == pytest.approx(
        [one.weight(word) for word in ("犬只", "应当", "zzz")]
    )
    # By its own count 犬只 would say nothing of the two texts, which both have it.
    assert both.scores("犬只")[3] > 3 * np.log(1 + 0.5 / 2.5) * 0.4


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (Only(whose="own"), {"中华人民共和国公司法", "城市公园行动计划"}),
        (Only(whose="shared", kind="policy"), set()),
        (Only(whose="own", kind="policy"), {"城市公园行动计划"}),
        (Only(doc_ids=frozenset()), set()),
        (
            Only(doc_ids=frozenset({SHARED[0].doc_id, OWN + plan().doc_id})),
            {"中华人民共和国个人信息保护法", "城市公园行动计划"},
        ),
        (Only(doc_ids=frozenset({plan().doc_id})), set()),  # another's id, or none
    ],
)
def test_documents_are_chosen_one_by_one_or_by_whose_they_are(only: Only, expected: set[str], shared: Search) -> None:
    both = shared.beside(*own(plan(), OLD))
    result = both.find("公园和公司处理的个人信息", [], 50, Characters, only)
    assert {hit.document.title for hit in result.hits} == expected
    assert all(hit.cosine > 0 for hit in result.hits if hit.how == "dense")


def test_an_old_version_that_is_chosen_alone_answers(shared: Search) -> None:
    both = shared.beside(*own(OLD))
    question = "公司法规定股东何时缴足出资？"
    assert OLD.date not in {hit.document.date for hit in both.find(question, [], 9, Characters).hits}
    chosen = both.find(question, [], 3, Characters, Only(whose="own"))
    assert {hit.document.date for hit in chosen.hits} == {OLD.date}


def test_a_chosen_document_is_searched_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest of all chunks may hold none of it; then it would have no cosine, and nothing would be evidence."""
    monkeypatch.setattr("rag.retrieve.DEPTH", 5)
    search = searched(tmp_path, [*SHARED, plan()])
    question = "劳动合同法的要求是什么"  # nearer to the labour laws
    result = search.find(question, [], 3, Characters, Only(document="公园"))
    assert titles(result) == ["城市公园行动计划"] * 3
    assert all(hit.cosine > 0 for hit in result.hits)


def test_a_document_that_is_shared_too_is_found_once(shared: Search) -> None:
    both = shared.beside(*own(SHARED[0]))
    for question in ("处理个人信息应当取得同意吗？", "个人信息保护法第二条"):
        hits = both.find(question, [], 5, Characters).hits
        texts = [hit.text for hit in hits]
        assert len(texts) == len(set(texts)), question
