"""What holds for every law and for any bytes: the tree gives back its generator, a reader returns or says why not."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_structure import outline, parse

from rag.errors import DocumentError
from rag.numerals import article_words, to_chinese
from rag.read import SUFFIXES, read
from rag.source import Source

Paragraph = tuple[str, list[tuple[str, list[str]]]]
"""What stands before the items, and the items, each with its points."""

SAID = (
    "国家保护个人信息",
    "县级以上人民政府主管数据工作",
    "第三人可以提出异议",
    "依照本法第六十五条第一款的规定处罚",
    "Ａ类数据不得出境",
    "法律、行政法规另有规定的，从其规定",
)
sentence = st.sampled_from(SAID).map(lambda words: words + "。")
phrase = st.sampled_from(SAID).map(lambda words: words + "；")
item = st.tuples(phrase, st.lists(phrase, max_size=3))
paragraph = st.one_of(
    st.tuples(st.lists(sentence, min_size=1, max_size=2).map("".join), st.just([])),
    st.tuples(st.just("有下列情形之一的，应当备案："), st.lists(item, min_size=1, max_size=4)),
)
article = st.tuples(st.booleans(), st.lists(paragraph, min_size=1, max_size=3))
law = st.lists(st.lists(article, min_size=1, max_size=4), min_size=1, max_size=3)
number = st.sampled_from([article_words, lambda n: f"第{n}条", lambda n: "第 " + " ".join(to_chinese(int(n))) + " 条"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(law, number, st.booleans(), st.sampled_from(["　", " "]))
def test_a_generated_law_is_read_back_as_it_was_made(chapters: list, words: object, bold: bool, space: str) -> None:
    text, expected = rendered(chapters, words, bold, space)
    (document,) = parse(text)
    found = {path: t.replace("**", "") for path, t in outline(document).items() if path.startswith("article")}
    assert list(found) == list(expected)
    for path, last in expected.items():
        assert found[path].endswith(last), path


def rendered(chapters: list, words: object, bold: bool, space: str) -> tuple[str, dict[str, str]]:
    """The text of a law, and for each path how its text ends."""
    lines, expected, n, inserted = ["某某法"], {}, 0, False
    for c, articles in enumerate(chapters, 1):
        lines.append(f"第{to_chinese(c)}章{space}规则")
        for insert, paragraphs in articles:
            inserted = insert and n > 0 and not inserted
            n += not inserted
            name = f"{n}-1" if inserted else str(n)
            head = words(str(n)) + ("之一" if inserted else "")
            here = len(lines)
            lines += _paragraphs(paragraphs, f"article {name}", expected)
            lines[here] = (f"**{head}**" if bold else head) + space + lines[here]
    return "\n".join(lines) + "\n", expected


def _paragraphs(paragraphs: list[Paragraph], base: str, expected: dict[str, str]) -> list[str]:
    lines: list[str] = []
    counted = len(paragraphs) > 1 or any(items for _, items in paragraphs)
    expected[base] = ""
    for p, (said, items) in enumerate(paragraphs, 1):
        place = f"{base}, paragraph {p}" if counted else base
        lines.append(said)
        expected[place] = said
        for i, (words, points) in enumerate(items, 1):
            lines.append(f"（{to_chinese(i)}）{words}")
            expected[f"{place}, item {i}"] = words
            for q, point in enumerate(points, 1):
                lines.append(f"{q}.{point}")
                expected[f"{place}, item {i}, point {q}"] = point
            expected[f"{place}, item {i}"] = lines[-1]
        expected[place] = lines[-1]
    expected[base] = lines[-1]
    return lines


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=400),
    st.sampled_from(SUFFIXES),
    st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04", b"\xff\xfe", b"<html>"]),
)
@example(b"", ".txt", b"")
@example(b"\x00" * 400, ".md", b"")
def test_any_bytes_are_read_or_refused_in_plain_words(tmp_path: Path, data: bytes, suffix: str, start: bytes) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(start + data)
    try:
        found = read(path)
    except DocumentError as error:
        assert str(error)
    else:
        assert isinstance(found, Source) and found.text.strip()


def bomb(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, b" " * (1 << 29))
    return packed.getvalue()


def long_pdf(pages: int) -> bytes:
    """A PDF whose pages all show the same 5,000 letters."""
    drawn = "BT /F 8 Tf 10 TL 40 800 Td " + "(aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj) Tj T* " * 100 + "ET"
    parts = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    parts.append(f"<</Length {len(drawn)}>>\nstream\n{drawn}\nendstream")
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    parts += [page] * pages
    parts[1] = f"<</Type/Pages/Count {pages}/Kids[{' '.join(f'{n} 0 R' for n in range(5, 5 + pages))}]>>"
    objects = [f"{n} 0 obj\n{part}\nendobj\n" for n, part in enumerate(parts, 1)]
    places = list(accumulate((len(each) for each in objects), initial=9))
    data = b"%PDF-1.7\n" + "".join(objects).encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places[:-1])
    end = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(parts) + 1}/Root 1 0 R>>\n"
    return data + f"{end}startxref\n{len(data)}\n%%EOF".encode()


HOSTILE = {
    "a PDF of nearly two million letters": (".pdf", lambda: long_pdf(390)),
    "a PDF of a hundred thousand pages": (".pdf", lambda: long_pdf(100_000)),
    "a picture of three thousand million points": (
        ".png",
        lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\2\0\0\0\x8c\xf6\x9b\x29" + b"\0" * 99,
    ),
    "a document that unpacks to half a gigabyte": (".docx", lambda: bomb("word/document.xml")),
    "a table that unpacks to half a gigabyte": (".xlsx", lambda: bomb("xl/workbook.xml")),
    "elements nested a hundred thousand deep": (".html", lambda: b"<div>" * 100_000 + "第一条 甲。".encode()),
    "lists nested ten thousand deep": (".html", lambda: b"<ol><li>" * 10_000 + b"x"),
    "one line of fifty megabytes": (".txt", lambda: "第一条的".encode() * (50 * 1024 * 1024 // 12)),
    "one line of just what is read": (".txt", lambda: "第一条的，".encode() * (63 * 1024 * 1024 // 15)),
    "one cell of sixty megabytes": (".csv", lambda: b'"' + b"a," * (63 * 1024 * 1024 // 2)),
    "nothing but brackets": (".md", lambda: b"(" * (4 * 1024 * 1024)),
    "nothing but numbers": (".md", lambda: "第一条\n".encode() * 200_000),
}
READ = """
import resource, sys, time
from pathlib import Path
from rag.errors import DocumentError
from rag.ingest import parse
started = time.process_time()
len({str(i): [i] for i in range(1_000_000)})
slower = max(1.0, (time.process_time() - started) / 0.9)
resource.setrlimit(resource.RLIMIT_CPU, (int(10 * slower) + 2, int(10 * slower) + 4))
started = time.process_time()
try:
    parse(Path(sys.argv[1]))
except DocumentError as error:
    assert str(error)
# ru_maxrss would tell of this test's own process, from which this one was forked.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print((time.process_time() - started) / slower, int(peak.split()[1]) // 1024)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_choke_a_reader_takes_ten_seconds_and_a_gigabyte_at_most(name: str, tmp_path: Path) -> None:
    """Ten seconds of the machine this was written on; a slower one has as much more as a million objects take."""
    suffix, made = HOSTILE[name]
    path = tmp_path / f"file{suffix}"
    path.write_bytes(made())
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]
    seconds, megabytes = done.stdout.split()
    assert float(seconds) <= 10 and int(megabytes) < 1024, done.stdout
