"""Question -> Hits: what meaning and words found among the chunks, fused at the level of articles.

In: the nearest chunks by cosine and the BM25 of all, as the two indexes give them. Out: the best articles, whole, with
those of their clauses that were found. An article is judged by its own chunk and by the best of its clauses. Fusion is
the min-max sum; among what is equally near, a statute goes before what implements or interprets it, and an article of
an act before its recitals, which do not bind. It searches nothing itself.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rag import facts
from rag.records import Chunk, Document, Hit, Path

DEPTH = 600
"""How many chunks the dense search brings, about 350 articles; what lies deeper counts as near as the last of them."""

DENSE = 0.45
"""Weight of meaning; the rest is that of words. These weights are from a grid on six question sets over 206 Chinese
laws and two European acts, where 0.4 and 0.5 give the same within a point or two."""

ACROSS = 0.3
"""The same for a document in another language than the question: between languages the embedder tells less than the
words that the glossary brings."""

OWN = {"cosine": 0.5, "bm25": 0.4}
"""Share of an article's own chunk in its score, that of its best clause being the rest."""

STATUTE, RECITAL, NAMED = 0.05, -0.3, 0.3
"""Added for an article of a statute, a recital, and any provision of a document that the question names."""

BESIDE = 0.5
"""Share of the best article's score below which an article is not given to the model: a small one copies from it."""

SAME = 0.9
"""Share of its wording that an article has in common with a better one, both ways, to be folded into that."""

_STATUTE = re.compile(r"(?:法|法典)(?:[（(].*)?$")
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """Which chunks make up which article, in the order of the chunks: each article's own chunk, then its clauses."""

    chunks: Sequence[Chunk]
    documents: Mapping[str, Document]
    rows: MutableMapping[str, int]  # of the chunk with an id
    starts: npt.NDArray[np.int64]  # row of each article's own chunk
    prior: Scores  # of each article
    chinese: npt.NDArray[np.bool_]  # whether each article is of a Chinese document
    statute: npt.NDArray[np.bool_]  # whether each chunk is of a statute

    def documents_at(self, doc_ids: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which articles are of these documents."""
        return np.array([self.chunks[row].doc_id in doc_ids for row in self.starts], dtype=bool)

    def rows_without(self, doc_ids: Collection[str]) -> npt.NDArray[np.int64]:
        """The rows of the chunks of all other documents."""
        sizes = np.diff(np.append(self.starts, len(self.chunks)))
        return np.flatnonzero(np.repeat(~self.documents_at(doc_ids), sizes))


def layout(chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> Layout:
    """The layout of all chunks of an index, made once."""
    starts = [row for row, chunk in enumerate(chunks) if len(chunk.path) == 1]
    statutes = {doc_id for doc_id, d in documents.items() if d.kind == "statute" and _STATUTE.search(d.title)}
    prior = [
        RECITAL if chunks[row].path[0][0] == "recital" else STATUTE * (chunks[row].doc_id in statutes) for row in starts
    ]
    rows = {chunk.chunk_id: row for row, chunk in enumerate(chunks)}
    chinese = [documents[chunks[row].doc_id].lang == "zh" for row in starts]
    at = np.array(starts, dtype=np.int64)
    statute = np.array([documents[chunk.doc_id].kind == "statute" for chunk in chunks], dtype=bool)
    prior_of = np.array(prior, dtype=np.float32)
    return Layout(chunks, documents, rows, at, prior_of, np.array(chinese, dtype=bool), statute)


def extended(laid: Layout, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> Layout:
    """The layout with more chunks behind those it has, which are not laid out anew."""
    more, at = layout(chunks, documents), len(laid.chunks)
    return Layout(
        [*laid.chunks, *chunks],
        {**laid.documents, **documents},
        ChainMap({chunk_id: at + row for chunk_id, row in more.rows.items()}, laid.rows),
        np.concatenate([laid.starts, at + more.starts]),
        np.concatenate([laid.prior, more.prior]),
        np.concatenate([laid.chinese, more.chinese]),
        np.concatenate([laid.statute, more.statute]),
    )


def fuse(
    laid: Layout,
    near: Iterable[tuple[str, float]],
    bm25: Scores,
    k: int,
    lang: str = "zh",
    named: Collection[str] = (),
    left_out: Collection[str] = (),
) -> list[Hit]:
    """The k best articles, near-duplicates folded.

    `near` is (chunk_id, cosine), `bm25` in the order of the chunks, `lang` the question's language. `named` are
    documents that the question names, `left_out` those that do not answer it.
    """
    if not len(laid.starts):
        return []
    found = {laid.rows[chunk_id]: cosine for chunk_id, cosine in near}
    is_near = np.zeros(len(laid.chunks), dtype=bool)
    rows = list(found)
    is_near[rows] = True
    cosines = np.full(len(laid.chunks), min(found.values(), default=0.0), dtype=np.float32)
    cosines[rows] = list(found.values())
    dense, lexical = _by_article(laid, cosines, "cosine"), _by_article(laid, bm25, "bm25")
    weight = np.where(laid.chinese == (lang == "zh"), DENSE, ACROSS).astype(np.float32)
    scores = weight * _scaled(dense) + (1 - weight) * _scaled(lexical)
    out = ~np.logical_or.reduceat(is_near | (bm25 > 0), laid.starts)
    if left_out:
        out |= laid.documents_at(left_out)
    if named:
        scores += NAMED * laid.documents_at(named)
    ranked = np.lexsort((np.arange(len(scores)), -np.where(out, -1, scores + laid.prior)))
    hits: list[Hit] = []
    clauses = (DENSE * _scaled(cosines) + (1 - DENSE) * _scaled(bm25), set(found), bm25)
    for place in ranked[~out[ranked]]:
        hit = _hit(laid, int(place), max(0.0, float(scores[place] + laid.prior[place])), cosines, clauses)
        if not any(_same(hit, other) for other in hits):
            hits.append(hit)
        if len(hits) == k:
            break
    return hits


def _by_article(laid: Layout, scores: Scores, kind: str) -> Scores:
    best = np.maximum.reduceat(scores, laid.starts)
    return np.asarray(OWN[kind] * scores[laid.starts] + (1 - OWN[kind]) * best, dtype=np.float32)


def _hit(laid: Layout, place: int, score: float, cosines: Scores, clauses: tuple[Scores, set[int], Scores]) -> Hit:
    fused, found, bm25 = clauses
    start = int(laid.starts[place])
    stop = int(laid.starts[place + 1]) if place + 1 < len(laid.starts) else len(laid.chunks)
    rows = sorted((row for row in range(start, stop) if row in found or bm25[row] > 0), key=lambda row: -fused[row])
    document = laid.documents[laid.chunks[start].doc_id]
    near = [float(cosines[row]) for row in rows if row in found]
    return Hit(
        document=document,
        provision=document.by_path[laid.chunks[start].path],
        score=score,
        how="dense" if near else "lexical",
        cosine=max(near, default=0.0),
        clauses=tuple((laid.chunks[row].path, float(fused[row])) for row in rows),
    )


def _same(hit: Hit, other: Hit) -> bool:
    """Whether two articles say the same, so that one of them is enough: of two versions, or of a law and its model.

    Never two of one document: where those are as alike, the few words in which they differ are the point.
    """
    lengths = sorted((len(hit.text), len(other.text)))
    if hit.document.doc_id == other.document.doc_id or lengths[0] < SAME * lengths[1]:
        return False
    return min(facts.coverage(hit.text, other.text), facts.coverage(other.text, hit.text)) >= SAME


def close(hits: Sequence[Hit], about: Collection[str] = ()) -> list[Hit]:
    """The best hit and those nearly as good: what an answer may be drawn from.

    Where the best is of a document that the question names, `about`, it is drawn from those and what they refer to.
    """
    near = [hit for hit in hits if hit.score >= hits[0].score * BESIDE]
    if not near or near[0].document.doc_id not in about:
        return near
    return [hit for hit in near if hit.document.doc_id in about or hit.how == "crossref"]


def at(document: Document, path: Path, how: str, score: float = 1.0) -> Hit:
    """The article around a provision that is known by its path, as a Hit whose best clause that is."""
    return Hit(document, document.by_path[path[:1]], score, how, cosine=score, clauses=((path, score),))


def _scaled(scores: Scores) -> Scores:
    """Scores stretched to 0..1; all equal ones are 0."""
    low, high = scores.min(), scores.max()
    return np.asarray((scores - low) / (high - low) if high > low else scores * 0, dtype=np.float32)


def together(first: Sequence[Hit], others: Sequence[Hit]) -> list[Hit]:
    """Each article once, the first ones first; one that was named and found has the clauses that were found."""
    kept: dict[tuple[str, object], Hit] = {}
    for hit in (*first, *others):
        key = (hit.document.doc_id, hit.provision.path)
        known = kept.setdefault(key, hit)
        if known is not hit:
            kept[key] = replace(known, clauses=(*known.clauses, *hit.clauses))
    return list(kept.values())
