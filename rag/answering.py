"""Found and the ground it is -> the answer: told by code, declined, or written by a model and checked as it comes.

In: what was found, how well it answers, the pieces of a model's reply. Out: Answers, each with one more sentence that
may be shown. Refusal is decided here: no_such_provision when what is named is not there, off_topic or no_evidence when
what was found is no ground for an answer, no_evidence when the model finds none in it, unsupported when nothing it
wrote passed. It finds nothing, and loads no model.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from rag import awaited, cite, compared, decide, facts, gathered, omitted, rendering, reply, retrieve, spread
from rag.added import added, among
from rag.evidence import Weight
from rag.labels import short_label
from rag.records import SENTINELS, Answer, Document, Hit, Prompt, Removed, Tokens
from rag.search import EXACT, Found
from rag.told import clauses, told
from rag.words import say

Follows = Callable[[str, str], bool]
"""Whether a sentence follows from a clause."""

KIND = re.compile("行动计划|行动方案|宣言|公约|白皮书|纲要|action plan", re.IGNORECASE)
"""What a question calls a document by its kind."""

NEARLY = 0.2
"""How much less clear than the clearest a clause of a law may be that is told where that has not what is asked for."""

PATIENCE = 3
"""Sentences in a row that fail the check before anything passed; then the model is stopped."""


def near(found: Found) -> list[Hit]:
    """The hits that an answer may be drawn from; where provisions are named, those and what they refer to.

    A line below a headline is none, unless it is all there is.
    """
    if found.named and found.named.paths:
        return [hit for hit in found.hits if hit.how in ("reference", "crossref")]
    telling = [hit for hit in found.hits if not spread.tells_nothing(hit.document, hit.provision)]
    return retrieve.close(_of_kind(found.asked, telling or found.hits), found.about)


def _of_kind(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Those that are of a plan, or speak of one, where a question speaks of a plan and any of them is of one."""
    kind = (found := KIND.search(question)) and ("行动计划" if found[0].isascii() else found[0])
    if not kind or not any(kind in hit.document.title for hit in hits):
        return list(hits)
    return [hit for hit in hits if kind in hit.document.title or kind in hit.text]


def noted(note: str | None, key: str, lang: str, **names: Sequence[str]) -> str | None:
    """The note with one more sentence about what is named; as it is where nothing is."""
    ((word, told),) = names.items()
    said = say(key, lang, **{word: say("told_between", lang).join(told)}) if told else None
    return " ".join(filter(None, (note, said))) or None


def exact(answer: Answer, found: Found, ground: decide.Ground) -> Answer | None:
    """The answer that code gives to what is asked of the provisions a question names; None for any other question."""
    named = found.named
    within = named and named.asks == "within" and named.paths and ground.sure >= decide.SURE
    if named and within and gathered.asks_for_whole(found.asked, answer.lang, named.paths):
        named = replace(named, asks="text")  # 列出第十条提出的措施: what it lists is the article itself
    if not named or (named.asks not in EXACT and (named.paths or not named.missing)):
        return None
    for text, document, provision in told(named, answer.lang):
        side = short_label(document.lang, provision.path[:1]) if named.asks == "mentions" else ""
        quoted = facts.plain(text) in facts.plain(document.text_of(provision))
        answer = added(answer, spread.Shown(text, document, provision, quoted), side)
    if answer.sentences:
        return answer
    return replace(answer, reason="no_such_provision" if named.missing else "no_evidence")


def in_short(answer: Answer, found: Found, ground: decide.Ground) -> Answer | None:
    """The answer to a question for a story in short, or for who sent it; None for any other."""
    named = found.hits and found.about == {found.hits[0].document.doc_id}
    sent = spread.dateline(found.hits, found.about) if awaited.OF_AGENCY.search(found.asked) else []
    for one in sent or (spread.told_short(found.asked, found.hits) if named or ground.enough else ()):
        answer = added(answer, one)
    return answer if answer.sentences else None


def all_places(
    answer: Answer, found: Found, ground: decide.Ground, every: Callable[[str], Sequence[Hit]], weight: Weight
) -> Answer | None:
    """The answer to a question for all the places that speak of a matter; None for any other, or where few do."""
    if ground.elsewhere or not gathered.ASKED.search(found.asked):
        return None
    for one in gathered.places(found.asked, answer.lang, every(found.asked), weight):
        answer = added(answer, one, short_label(one.document.lang, one.provision.path[:1]))
    return answer if answer.sentences else None


def side_by_side(
    answer: Answer, found: Found, about: Sequence[Document],
    within: Callable[[Document], Sequence[Hit]], find: Callable[[str], Sequence[Hit]], weight: Weight,
) -> Answer | None:  # fmt: skip
    """The answer to a question that compares articles or documents; None for any other."""
    sides = compared.sides(found.asked, answer.lang, found.named, about, within, find, weight)
    silent = [side for side, said in sides or () if not said]
    for side, said in sides or ():
        for shown in said:
            answer = added(answer, shown, side)
    answer = replace(answer, note=noted(answer.note, "told_side", answer.lang, sides=silent))
    return answer if sides else None


def misplaced(answer: Answer, found: Found, ground: decide.Ground, weight: Weight) -> Answer | None:
    """The answer where a named article is supposed to say what another one of the document says: how the named one
    begins, and the other; None for any other question."""
    named = found.named
    if ground.enough or not (named and named.asks == "within" and len(named.paths) == 1):
        return None
    if not facts.asks_whether(found.asked):
        return None
    document, path = named.paths[0]
    others = [hit for hit in found.hits if hit.how not in ("reference", "crossref") and hit.document is document]
    sure = [decide.ground(found.asked, answer.lang, [hit], weight) for hit in others]
    other, best = max(zip(others, sure, strict=True), key=lambda pair: pair[1].sure, default=(None, ground))
    if not other or not best.quotable or other.provision.path[:1] == path[:1]:
        return None
    first = next(clauses(document, document.by_path[path]))
    tells = decide.teller(found.asked, answer.lang, [other], weight)
    for one in [spread.Shown(*first), *spread.nearest([other], found.asked, tells)]:
        answer = added(answer, one, short_label(document.lang, one.provision.path[:1]))
    return answer


def declined(answer: Answer, ground: decide.Ground) -> Answer | None:
    """The refusal where what was found is no ground for an answer."""
    if ground.enough:
        return None
    if ground.elsewhere:
        return replace(answer, reason="no_evidence", note=say("told_elsewhere", answer.lang, law=ground.elsewhere))
    return replace(answer, reason="no_evidence" if ground.spoken_of else "off_topic")


def checked(
    answer: Answer, asked: Prompt, ground: decide.Ground, own: str, pieces: Generator[str, None, Tokens | None],
    similar: cite.Similarity, every: Sequence[spread.Tells], started: float, follows: Follows | None = None,
) -> Iterator[Answer]:  # fmt: skip
    """The answer so far, each time a sentence has passed the check, and at the end.

    `own` is what the reader asks, without the earlier turn that a follow-up was joined to; `every` tells of it, and of
    each of the questions in it. `follows` judges a sentence by its clause once more, when the reply is whole.
    """
    asked, (tells, *parts) = replace(asked, question=own), every
    watch = reply.Watch(started, time.perf_counter())
    removed: list[Removed] = []
    declined = False
    with closing(pieces):
        marks = cite.sentences(watch.first(pieces))
        for marked in list(marks) if follows else marks:
            if any(sentinel in marked.text for sentinel in SENTINELS.values()):
                declined = True
                continue
            checking = time.perf_counter()
            shown, why = _shown(marked, asked, ground, similar, tells, single=len(parts) == 1)
            if follows and not all(
                one.quoted or follows(one.text, one.document.text_of(one.provision)) for one in shown
            ):
                shown, why = [], "judged"
            watch.verify += time.perf_counter() - checking
            removed += [Removed(marked.text, why)] if why else []
            before = len(answer.sentences)
            for one in shown:
                answer = among(answer, one, own)
            if len(answer.sentences) > before:
                yield answer
            if len(removed) >= PATIENCE and not answer.sentences:
                break
    judged = any(one.reason == "judged" for one in removed)
    of_laws = not judged and any(hit.document.kind == "statute" for hit in asked.hits[:1])
    sure = ground.quotable if of_laws else declined and not removed and ground.sure >= decide.SURE
    if not answer.sentences and sure:
        for one in nearest_on(asked, tells, NEARLY if of_laws else 0.0):
            answer = among(answer, one, own)
    if answer.sentences:
        answer = _completed(answer, asked, tells, parts)
    reason = None if answer.sentences else "no_evidence" if declined else "unsupported"
    timings = {**answer.timings, **watch.timings()}
    yield replace(answer, removed=tuple(removed), reason=reason, timings=timings, tokens=watch.tokens)


def _completed(answer: Answer, asked: Prompt, tells: spread.Tells, parts: Sequence[spread.Tells]) -> Answer:
    """The answer with the clauses that it left out: of other places, of a part of the question, of what is named beside
    another, of an article that is to be summed up."""
    cited = {(citation.doc_id, citation.path) for citation in answer.citations}
    beside = omitted.more(asked.question, cited, asked.hits, tells)
    beside += omitted.as_clear(asked.question, cited, asked.hits, tells)
    quotes = [each.quote for each in answer.citations]
    beside += omitted.left_out(parts, quotes, asked.hits, asked.question)
    named = omitted.side_by_side(asked.question, asked.lang)
    spoken = [*quotes, *(one.text for one in beside)]
    others, silent = omitted.beside(named, spoken, asked.hits, tells, {doc_id for doc_id, _ in cited})
    for one in _on_question(asked, beside) + _on_question(asked, others) + _all_of(answer, asked):
        answer = added(answer, one)
    return replace(answer, note=noted(answer.note, "told_open", answer.lang, parts=silent))


def _shown(
    marked: cite.Marked, asked: Prompt, ground: decide.Ground, similar: cite.Similarity, tells: spread.Tells,
    *, single: bool,
) -> tuple[list[spread.Shown], str]:  # fmt: skip
    """What is shown for a sentence of the reply, and why it is not shown itself, "" where it is.

    One that its clause does not carry gives way to the words of the clause, where there is ground for that; and, where
    a question has a `single` part, one from a clause that is beside it to the clearest.
    """
    verdict = cite.support(marked, asked.hits, similar)
    if not isinstance(verdict, Removed) and spread.tells_nothing(verdict.hit.document, verdict.provision):
        verdict = Removed(marked.text, "beside")
    if isinstance(verdict, Removed):
        clause = spread.instead(marked, asked.hits, asked.question, tells)
        if not ground.quotable and not spread.adds_of(clause, marked.text, asked.question):
            return [], verdict.reason
        return _on_question(asked, clause), verdict.reason
    if not _is_on(asked, verdict):
        return [], "beside"
    if single and spread.is_lesser(verdict, asked.hits, tells, asked.question):
        return _on_question(asked, spread.nearest(asked.hits, asked.question, tells)), "beside"
    bare = spread.is_bare(marked.text, verdict.hit.document.text_of(verdict.provision))
    clause = spread.instead(marked, asked.hits, asked.question, tells) if bare else []
    shown = _on_question(asked, clause) or spread.spread(asked.question, marked.text, verdict)
    said, document = " ".join(one.text for one in shown), verdict.hit.document
    if not shown or _lacking(asked, said, document) > _lacking(asked, document.text_of(verdict.provision), document):
        shown = spread.quote(document, verdict.provision, asked.question) or shown  # it left out the day asked for
    return shown, ""


def _all_of(answer: Answer, asked: Prompt) -> list[spread.Shown]:
    """The article that the answer begins with, whole, where a summary is asked for."""
    first = answer.citations[0]
    hits = [hit for hit in asked.hits if hit.document.doc_id == first.doc_id]
    return spread.whole(asked.question, hits[0].document.by_path[first.path], hits) if hits else []


def nearest_on(asked: Prompt, tells: spread.Tells, nearly: float) -> list[spread.Shown]:
    """The clearest clause, or one `nearly` as clear, that is what was asked about: 几天内 is in the next sentence."""
    clear = [(spread.choice(place, tells, asked.question), place) for place in spread.places(asked.hits)]
    best = max((told for told, _ in clear), default=0.0)
    near = sorted((each for each in clear if each[0] >= best - nearly), key=lambda each: -each[0])
    quoted = (spread.quote(place.hit.document, place.leaf, asked.question) for _, place in near)
    return next(filter(None, (_on_question(asked, shown) for shown in quoted)), [])


def _on_question(asked: Prompt, shown: list[spread.Shown]) -> list[spread.Shown]:
    """Clauses in their own words, if they are what was asked about."""
    for one in shown:
        hit = next(hit for hit in asked.hits if omitted.holds(hit, one.document.doc_id, one.provision.path))
        if not _is_on(asked, cite.Support(hit, one.provision, 1.0, True)):
            return []
    return shown


def _is_on(asked: Prompt, support: cite.Support) -> bool:
    """Whether a provision is what was asked about, and has anything of the kind that one of its parts asks for."""
    document = support.hit.document
    lacking = _lacking(asked, document.text_of(support.provision), document)
    return cite.on_question(asked.question, support, asked.hits) and lacking < set(facts.asking(asked.question))


def _lacking(asked: Prompt, text: str, document: Document) -> set[str]:
    """The pieces of the question that ask for a kind of thing of which a text has none: all, where it only says who
    spoke."""
    pieces, names = facts.asking(asked.question), document.kind != "statute"
    of = awaited.attributes(asked.question, text)
    return {p for p in pieces if of or awaited.lacks(p, asked.lang, text, text, names=names, whole=asked.question)}


def foreign(answer: Answer) -> bool:
    """Whether all that an answer says is in another language than the question."""
    return bool(answer.sentences) and all(facts.language(one.text) != answer.lang for one in answer.sentences)


def rendered(
    answer: Answer, tells: spread.Tells, render: Callable[[str, str], str] | None, similar: cite.Similarity
) -> Answer:
    """The answer with a part of what it quotes first put into the language of the question, if that passes the check;
    or with the remark that it stands in the original. `render` puts a text, with words for it, and takes seconds."""
    if render:
        question, first = answer.question, answer.sentences[0]
        cited = answer.citations[first.citations[0] - 1]
        document = answer.documents[cited.doc_id]
        hit = Hit(document, document.by_path[cited.path[:1]], 1.0, "reference")
        part = rendering.part(first.text, lambda text: tells(text) + facts.has_what_is_asked(question, text))
        for marked in cite.sentences(iter([render(part, rendering.words(part))])):
            verdict = cite.support(cite.Marked(marked.text, (1,)), [hit], similar)
            if isinstance(verdict, cite.Support):
                answer = added(answer, spread.Shown(marked.text, document, verdict.provision, verdict.quoted))
    said = say("told_original", answer.lang) if foreign(answer) else None
    return replace(answer, note=" ".join(filter(None, (answer.note, said))) or None)
