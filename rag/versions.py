"""Which of several versions of one law answers: the one in force, or the one that the question asks for.

In: Documents, and a question. Out: the doc_ids that do not answer; the day, month, year or "before" that a question
names. A version begins on the day from which it says it applies; where it says none later than its last change (an
amended text still tells when the first version began) on the day of that change.
Pure: it reads no clock, and what lies between the versions it knows it cannot tell.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import PurePath

from rag.numerals import to_int
from rag.records import Document

BEFORE = "before"
"""Asked for: the version before the one in force."""

_IN_NAME = re.compile(r"[(（_-]((?:19|20)[0-9]{2})-?([01][0-9])-?([0-3][0-9])[)）]?$")
_CHANGE = "(?:修订|修正|修改)"
_NOTE = re.compile(
    rf"[（(【\[][^）)】\]]*(?:[0-9]{{4}}|{_CHANGE})[^）)】\]]*[）)】\]]$|[0-9]{{4}}年?{_CHANGE}?版?$|{_CHANGE}版?$"
)
_YEAR = re.compile(
    r"(?<![0-9第])([0-9０-９]{4}|[一二][零〇○一二三四五六七八九]{3})"
    r"(?:年(?:\s*([0-9]{1,2})月(?:\s*([0-9]{1,2})[日号])?)?|-([0-9]{1,2})-([0-9]{1,2}))?"
)
# Behind a year: a version for certain; or what may stand between it and a law's name; or what a name before it allows.
_VERSION = re.compile(rf"\s*的?(?:{_CHANGE}的?)?版|\s*{_CHANGE}本")
_OF = re.compile(rf"(?:\s|第.次|{_CHANGE}|施行|实施|公布|颁布|通过|有效|生效|以?前|之前|[的后时《〈]|中华人民共和国)*")
_NAMED = re.compile(rf"\s*(?:[)）]|第?.?次?{_CHANGE}|施行|通过)")
_LONGER = tuple("定人务院律官")  # 公司法定代表人 is not the 公司法
_THEN = re.compile("当时的|当时(?:有效|施行|适用)|那时的")
_OLD = re.compile("修[订正改]前|旧版|上一版|前一版|旧法")
_ENGLISH = re.compile(
    r"\b(?:the )?((?:19|20)[0-9]{2}) (?:version|text|edition|amendment|revision)\b"
    r"|\b(?:version|text|edition) (?:of|from) ((?:19|20)[0-9]{2})\b"
    r"|\bas (?:amended|revised|adopted|it (?:stood|was)|in force) (?:in|of|on) ((?:19|20)[0-9]{2})\b"
    r"|\bin force in ((?:19|20)[0-9]{2})\b",
    re.IGNORECASE,
)
_ENGLISH_OLD = re.compile(
    r"\b(?:old|previous|former|earlier|superseded) (?:version|text|law|edition)\b"
    r"|\bbefore (?:the|its) (?:last |latest )?(?:amendment|revision)\b",
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=2**14)  # every question asks it of every title
def name_of(title: str) -> str:
    """A law's name without what differs between its versions: 《中华人民共和国公司法》(2018修正) is 公司法."""
    bare = re.sub(r"\s+", "", title).strip("《》")
    return re.sub("[《》〈〉]|中华人民共和国", "", _NOTE.sub("", bare))


def begins(document: Document) -> str:
    """The day from which a version applies, ISO form, "" where neither text nor file name tells."""
    if document.date or document.effective:
        return max(document.date or "", document.effective or "")
    named = _IN_NAME.search(PurePath(document.source).stem)
    return "-".join(named.groups()) if named else ""


def superseded(documents: Iterable[Document], on: str | None, today: str) -> set[str]:
    """The doc_ids that do not answer a question about the law as of `on`: None, a day, month or year, or "before".

    Without `on` the newest version that applies on the day `today` answers. A year means the version of that year where
    there is one, else the one in force at its end. A law older than all its versions here is answered by the oldest,
    and of texts with the same date all answer.
    """
    laws: dict[str, dict[str, list[str]]] = {}
    years: dict[str, str] = {}
    for document in documents:
        start = begins(document)
        laws.setdefault(name_of(document.title), {}).setdefault(start, []).append(document.doc_id)
        years[document.doc_id] = (document.date or start)[:4]
    out: set[str] = set()
    for versions in laws.values():
        starts = sorted(versions)
        of_year = [start for start in starts if any(years[doc_id] == on for doc_id in versions[start])]
        until = today if on in (None, BEFORE) else f"{on}-99"
        at = max((n for n, start in enumerate(starts) if start <= until), default=0)
        chosen = of_year[-1] if of_year else starts[max(0, at - (on == BEFORE))]
        out |= {doc_id for start in starts if start != chosen for doc_id in versions[start]}
    return out


def asked_date(question: str, titles: Iterable[str] = ()) -> str | None:
    """The version that a question asks for: "2018", "2020-05", "2020-05-01", "before", or None.

    A year counts where it stands before the name of one of the laws `titles` (2019年的公司法), or is said to be of a
    version (2018年修正, 2018版); not where it is only a fact (2019年公司成立).
    """
    if found := _ENGLISH.search(question):
        return next(year for year in found.groups() if year)
    names = sorted({name for title in titles if len(name := name_of(title)) > 1}, key=len, reverse=True)
    then = _THEN.search(question)
    for match in _YEAR.finditer(question):
        if (day := _day(match)) and (then or _is_of_a_law(question, match, names)):
            return day
    old = any(f"{word}{mark}{name}" in question for name in names for word in "旧老原" for mark in ("", "《"))
    return BEFORE if old or _OLD.search(question) or _ENGLISH_OLD.search(question) else None


def _day(match: re.Match[str]) -> str | None:
    """The day, month or year of a match; 1900 to 2099, as other numbers are no years."""
    year, *parts = (to_int(part) for part in match.groups() if part)
    return "-".join([str(year), *(f"{part:02}" for part in parts)]) if 1900 <= year < 2100 else None


def _is_of_a_law(question: str, match: re.Match[str], names: list[str]) -> bool:
    before, behind = name_of(question[: match.start()]).rstrip(" (（在于"), question[match.end() :]
    if _VERSION.match(behind) or (before.endswith(tuple(names)) and _NAMED.match(behind)):
        return True
    between = _OF.match(behind)
    rest = name_of(behind[between.end() :] if between else behind)
    return any(rest.startswith(name) and not rest[len(name) :].startswith(_LONGER) for name in names)
