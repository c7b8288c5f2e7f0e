"""Question -> Found: rewrite -> named -> retrieve, the first half of `ask`, on one opened index.

In: a question, the earlier ones, how many articles. Out: what the question names, and Hits: by reference first, then by
meaning and words, then the provisions these lean on. Versions of a law that do not answer are left out. The embedder is
asked for only where a reference does not answer already. It writes no answer.
"""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag import evidence, index, lexical, retrieve, rewrite, versions, widen
from rag.facts import language
from rag.leaned import leaned_on
from rag.named import Named, named
from rag.records import Chunk, Document, Hit
from rag.titles import Titles, mentioned, sole
from rag.unseen import without_orders

MISSED = 60
"""Clauses, best by words, whose cosine is looked up where Chroma did not give it: .4 a question are near enough."""
TERMS, TERMS_STATUTE = 0.7, 0.35
"""Weight of the words that a document would use for the question's own. For laws 0.2 to 0.5 give the same within a
point, 0 costs two to seven points of recall@5; on a newspaper page the right article is first for .891 of 175 everyday
questions with 0.5, for .926 with 0.7 and .931 with 1, where 0.35 gives .863."""

RERANKED = 30
"""How many articles a reranker reads."""

LEANED_ON = 2
"""How many provisions are brought because a found one refers to them."""

NAMED = 30
"""How many articles are looked through for the clauses of those that a question names."""

AS_MUCH, SOME = 0.2, 0.3
"""How much less of a question that names no subject may be spoken of behind the one before it than alone, and how much
must be, in shares of its content."""

ADDS = 0.5
"""Added to a hit of a question put behind an earlier one, for all of what the question itself is about."""

EXACT = ("text", "count", "mentions")
"""What code answers from the named provisions themselves."""

OWN = "own-"
"""What the id of a document begins with that is a visitor's own; those of the index begin with a hexadecimal digit."""

KEPT = 4
"""How many choices of documents have their names kept: some 20 ms and a megabyte or two each for 200 laws."""


class Queries(Protocol):
    def queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


class Reranks(Protocol):
    def scores(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Only:
    """Which documents may answer: whose title or file name has `document`, of a `kind`, of a date in a range.

    `whose`: "own" for the asking visitor's alone, "shared" for those of the index. `doc_ids`: none but these.
    """

    document: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    whose: str = ""
    doc_ids: frozenset[str] | None = None

    def has(self, document: Document) -> bool:
        day = document.date or ""
        return (
            (self.document in document.title or self.document in document.source)
            and self.kind in ("", document.kind)
            and (not self.since or day >= self.since)
            and (not self.until or "" < day <= f"{self.until}-99")
            and self.whose in ("", "own" if document.doc_id.startswith(OWN) else "shared")
            and (self.doc_ids is None or document.doc_id in self.doc_ids)
        )


@dataclass(frozen=True)
class Found:
    """`asked` is the question that was searched for; `rewritten` the same where it is not the reader's own.

    `about` holds the doc_ids of the documents that it names, `rewriting` how many seconds the rewriting took.
    """

    asked: str
    rewritten: str | None
    named: Named | None
    hits: tuple[Hit, ...]
    about: frozenset[str] = frozenset()
    rewriting: float = 0.0


class Search:
    """An index in use, with its lexical side and the names of its documents; for any number of threads."""

    def __init__(self, opened: index.Index, reranker: Reranks | None = None) -> None:
        self.index, self.reranker = opened, reranker
        self._words = lexical.Lexical(opened.lexical)
        self._own = np.zeros((0, opened.manifest.dimension), dtype=np.float32)
        self._use(retrieve.layout(opened.chunks, opened.documents), self._words)

    def _use(self, layout: retrieve.Layout, words: lexical.Lexical | lexical.Both) -> None:
        self.layout, self.lexical = layout, words
        self.titles = functools.lru_cache(KEPT)(functools.partial(_titles, layout.documents))
        self._superseded = functools.lru_cache(KEPT)(functools.partial(_superseded, layout.documents))
        self._weights = np.where(layout.statute, TERMS_STATUTE, TERMS).astype(np.float32)

    def beside(self, documents: Mapping[str, Document], chunks: Sequence[Chunk], vectors: retrieve.Scores) -> Search:
        """The same search over more documents behind those of the index: a visitor's own.

        Takes the time of cutting their chunks into words; of what is made of the index nothing is made again.
        """
        both = copy.copy(self)
        both._own = vectors
        words = lexical.Both(self._words, [piece.text for piece in chunks])
        both._use(retrieve.extended(self.layout, chunks, documents), words)
        return both

    def find(
        self,
        question: str,
        history: Sequence[str],
        k: int,
        embedder: Callable[[], Queries],
        only: Only | None = None,
        wording: Callable[[str, str], str] | None = None,
    ) -> Found:
        """What is found for a question that follows the earlier questions `history`, oldest first.

        `wording` gives more words to search for, from a question and its language. At most `k` articles come back,
        and those they lean on.
        """
        started = time.perf_counter()
        lang = language(question)
        rewritten = rewrite.standalone(question, history, lang)
        rewriting = time.perf_counter() - started
        # 换个话题 was taken off: the earlier questions say nothing of this one.
        before = () if rewritten and question.endswith(rewritten) else history
        found = self._found(rewritten or question, before, k, lang, embedder, only, wording)
        joined = None if rewritten else rewrite.behind(question, history, lang)
        if joined and not (found.named and found.named.paths):
            other = self._found(joined, before, k, lang, embedder, only, wording)
            tells = evidence.teller(question, lang, (), self.lexical.weight)
            alone, behind = (tells(each.hits[0].text) if each.hits else 0.0 for each in (found, other))
            says = any(not term.light for term in evidence.terms(question, lang))
            if not says or behind >= max(alone - AS_MUCH, SOME):
                found, rewritten = other, joined
        referred = found.named and found.named.paths
        if history and not referred and (this := rewrite.THIS.match(question)):
            last = self._found(rewrite.last(history, lang), (), 1, lang, embedder, only, None).hits
            if last and last[0].provision.path[0][0] == "article":  # 这一条 is the one that answers the turn before
                asked = last[0].document.label(last[0].provision.path[:1]) + question[this.end() :]
                return replace(self._found(asked, (), k, lang, embedder, only, wording), rewritten=asked)
        if not referred and rewritten and rewritten.endswith(f" {question.strip()}"):
            found = replace(found, hits=self._toward(question, lang, found.hits))
        return replace(found, rewritten=rewritten, rewriting=rewriting)

    def _toward(self, question: str, lang: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Hits of a question put behind an earlier one, and their clauses, nearer for what they speak of itself."""
        tells = evidence.teller(question, lang, (), self.lexical.weight)

        def moved(hit: Hit) -> Hit:
            texts = {path: hit.document.text_of(hit.document.by_path[path]) for path, _ in hit.clauses}
            clauses = sorted(((path, at + ADDS * tells(texts[path])) for path, at in hit.clauses), key=lambda c: -c[1])
            return replace(hit, score=hit.score + ADDS * tells(hit.text), clauses=tuple(clauses))

        return tuple(sorted(map(moved, hits), key=lambda hit: -hit.score))

    def _found(
        self,
        asked: str,
        before: Sequence[str],
        k: int,
        lang: str,
        embedder: Callable[[], Queries],
        only: Only | None,
        wording: Callable[[str, str], str] | None,
    ) -> Found:
        documents = self.layout.documents
        on = versions.asked_date(asked, [document.title for document in documents.values()])
        chosen = {doc_id: document for doc_id, document in documents.items() if only is None or only.has(document)}
        # Among those chosen: who asks an old version alone is not told that there is a newer one.
        out = self._superseded(frozenset(chosen), on, date.today().isoformat()) | (documents.keys() - chosen.keys())
        rows = self.layout.rows_without(out) if len(chosen) < len(documents) else None
        titles = self.titles(out)
        plainly = without_orders(asked) or asked  # 只引用第一条 names no provision that is asked about
        meant = named(plainly, titles, before)
        spoken = meant.documents if meant else mentioned(asked, titles) or sole(asked, titles)
        about = frozenset(document.doc_id for document in spoken)
        hits = _referred(meant)[:k]
        if not (meant and meant.asks in EXACT and hits):
            more = self._fused(asked, lang, max(k, NAMED) if hits else k, embedder(), about, out, rows, wording)
            hits = retrieve.together(hits, more)[:k]
            hits += list(leaned_on(hits, titles))[:LEANED_ON]
        return Found(asked, None, meant, tuple(hits), about)

    def _fused(
        self,
        asked: str,
        lang: str,
        k: int,
        embedder: Queries,
        about: frozenset[str],
        out: frozenset[str],
        rows: npt.NDArray[np.int64] | None,
        wording: Callable[[str, str], str] | None,
    ) -> list[Hit]:
        more = wording(asked, lang) if wording else ""
        with ThreadPoolExecutor(1) as beside:  # the embedder has one core, and words another
            scored = beside.submit(self._scored, asked, lang, more, rows)
            vectors = embedder.queries([asked, f"{asked} {more}"] if more else [asked])
            vector = vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0))
            near = self._nearest(vector, rows)
            words = scored.result()
        near += self._missed(vector, near, words)
        if self.reranker is None:
            return retrieve.fuse(self.layout, near, words, k, lang, about, out)
        hits = retrieve.fuse(self.layout, near, words, max(k, RERANKED), lang, about, out)
        scores = self.reranker.scores(asked, [f"{hit.document.title} {hit.text}" for hit in hits])
        ranked = sorted(zip(scores.tolist(), hits, strict=True), key=lambda pair: -pair[0])
        return [replace(hit, score=score) for score, hit in ranked][:k]

    def _scored(self, asked: str, lang: str, more: str, rows: npt.NDArray[np.int64] | None) -> retrieve.Scores:
        """BM25 of all chunks for the question, its terms of law and `more`; of those not among `rows` 0."""
        words = self.lexical.scores(asked)
        if terms := " ".join((*widen.terms(asked, lang), more)).strip():
            words = words + self._weights * self.lexical.scores(terms)
        if rows is None:
            return words
        chosen = np.zeros_like(words)  # what may not answer does not say either what a good score is
        chosen[rows] = words[rows]
        return chosen

    def _nearest(self, vector: npt.NDArray[np.float32], rows: npt.NDArray[np.int64] | None) -> list[tuple[str, float]]:
        """The nearest of the chunks `rows`, None for all.

        A few of the index are compared one by one, since the nearest of all may hold none of them.
        """
        held = len(self.index.chunks)
        few = rows is not None and 2 * int(np.count_nonzero(rows < held)) <= held
        near = [] if few else self.index.nearest(vector, retrieve.DEPTH)
        rows = np.arange(held, len(self.layout.chunks)) if rows is None else rows if few else rows[rows >= held]
        inside = rows[rows < held]
        cosines = self._own[rows[len(inside) :] - held] @ vector
        if len(inside):
            cosines = np.concatenate([self.index.cosines(vector, inside), cosines])
        best = np.argsort(-cosines, kind="stable")[: retrieve.DEPTH]
        near += [(self.layout.chunks[rows[n]].chunk_id, float(cosines[n])) for n in best]
        return sorted(near, key=lambda each: -each[1])[: retrieve.DEPTH]

    def _missed(
        self, vector: npt.NDArray[np.float32], near: Sequence[tuple[str, float]], words: retrieve.Scores
    ) -> list[tuple[str, float]]:
        """What is as near as the nearest found among the best by words: a graph is searched in part, and loses some."""
        known, held = dict(near), len(self.index.chunks)
        best = np.argpartition(-words[:held], min(MISSED, held - 1))[:MISSED] if known and held else ()
        rows = np.array(
            [n for n in best if words[n] > 0 and self.index.chunks[n].chunk_id not in known], dtype=np.int64
        )
        cosines, least = self.index.cosines(vector, rows), min(known.values(), default=1.0)
        found = zip(rows, cosines.tolist(), strict=True)
        return [(self.index.chunks[n].chunk_id, cosine) for n, cosine in found if cosine > least]


def _titles(documents: Mapping[str, Document], left_out: frozenset[str]) -> Titles:
    """The names of the documents that answer."""
    return Titles([document for doc_id, document in documents.items() if doc_id not in left_out])


def _superseded(documents: Mapping[str, Document], ids: frozenset[str], on: str | None, today: str) -> frozenset[str]:
    """Those of the documents with these ids that do not answer; it is asked for with every question."""
    of = [document for doc_id, document in documents.items() if doc_id in ids]
    return frozenset(versions.superseded(of, on, today))


def _referred(meant: Named | None) -> list[Hit]:
    places = list(meant.paths) if meant else []
    if meant and meant.asks == "count" and not places:  # the last of what is counted tells how many there are
        paths = [path for path in meant.documents[0].by_path if len(path) == 1 and path[0][0] == meant.counted]
        places = [(meant.documents[0], path) for path in paths[-1:]]
    return retrieve.together([], [retrieve.at(document, path, "reference") for document, path in places])
