"""The command line: `tiaoyin COMMAND`, and the only place that prints.

In: what a person typed. Out: text on standard output, or one JSON value with --json; progress and warnings go to
standard error. Exit status 0 done, 1 the work failed, 2 wrong usage. Heavy libraries are imported by the commands that
need them, so --help is instant.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rag import arguments
from rag.errors import DocumentError, ModelError, TiaoYinError, UsageError
from rag.settings import Settings, load
from rag.words import say

if TYPE_CHECKING:
    from rag.pipeline import Engine
    from rag.records import Answer
    from rag.search import Only

FLAGS = (
    "home",
    "index",
    "chroma",
    "llm",
    "embedder",
    "reranker",
    "widen",
    "check",
    "provisions",
    "host",
    "port",
    "lang",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = arguments.parser(COMMANDS).parse_args(argv)
    try:
        settings = load({name: getattr(args, name, None) for name in FLAGS})
        if settings.lang:
            os.environ["TIAOYIN_LANG"] = settings.lang
        status: int = args.run(args, settings)
        sys.stdout.flush()
    except TiaoYinError as error:
        return _fail(error)
    except KeyboardInterrupt:
        print(say("terminal_interrupted"), file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); without this Python complains again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that may not be written: what was written before stays
        where = f" {error.filename}" if error.filename else ""
        return _fail(TiaoYinError("terminal_system", where=where, why=error.strerror or error))
    return status


def run() -> None:
    """Run one command and end at once: a model still loading in the background would abort an orderly exit."""
    os.umask(0o077)  # what it writes holds documents and questions, also where the folder is open to others
    status = main()
    with contextlib.suppress(OSError):  # of which `main` has told
        sys.stdout.flush()
    os._exit(status)


def _fail(error: TiaoYinError) -> int:
    print(f"tiaoyin: {error}", file=sys.stderr)
    return error.exit_status


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _pull(args: argparse.Namespace, settings: Settings) -> int:
    from rag import models
    from rag.terminal import Bars

    catalogue = models.catalogue()
    for name in args.names:
        if name not in catalogue and not models.is_repository(name):
            raise UsageError("terminal_no_model", name=name, known=", ".join(catalogue))
    failed = []
    for name in args.names or [name for name, model in catalogue.items() if model.default]:
        try:
            with Bars() as bars:
                place = models.pull(name, settings.home, bars.pulled)
            print(say("terminal_pulled", name=name, place=place))
        except ModelError as error:  # the others go on, and one run tells all that is to be placed by hand
            failed.append(_fail(error))
    return max(failed, default=0)


def _parse(args: argparse.Namespace, settings: Settings) -> int:
    from rag.checks import parsed
    from rag.ingest import documents_in
    from rag.read import find_files
    from rag.terminal import tree

    documents, failed = [], []
    for file in find_files([args.file], args.allow_private):
        try:
            documents += documents_in(file)
        except DocumentError as error:  # the other members of an archive go on
            failed.append(_fail(error))
    if failed and not documents:
        return max(failed)
    if args.json:
        _print_json({"documents": [parsed(document) for document in documents]})
    else:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for document in documents:
            print("\n".join(tree(document, color)) + "\n")
    return max(failed, default=0)


def _ingest(args: argparse.Namespace, settings: Settings) -> int:
    from rag.ingest import ingest
    from rag.terminal import Bars

    with Bars() as bars:
        done = ingest(settings, args.paths, prune=args.prune, report=bars.worked, private=args.allow_private)
    for error in done.failed.values():
        print(f"tiaoyin: {error}", file=sys.stderr)
    if done.failed and not (done.added or done.unchanged or done.removed):
        return 1
    counts = {"added": len(done.added), "unchanged": len(done.unchanged), "failed": len(done.failed)}
    sizes = {"documents": done.documents, "chunks": done.chunks, "index": settings.index}
    words = "terminal_ingested" if done.written else "terminal_nothing"
    print(say(words, **counts, **sizes, removed=len(done.removed)))
    return 1 if done.failed else 0


def _index(args: argparse.Namespace, settings: Settings) -> int:
    from rag.stock import look
    from rag.terminal import Bars

    with Bars() as bars:
        seen = look(settings, args.action, args.document, bars.worked)
    _print_json(seen.value) if args.json else print("\n".join(seen.lines))
    return seen.status


def _retrieve(args: argparse.Namespace, settings: Settings) -> int:
    from rag.pipeline import Engine

    hits = Engine(settings).find(args.question, k=args.k, only=arguments.only(args)).hits
    if args.json:
        _print_json([hit.to_json() for hit in hits])
    else:
        for n, hit in enumerate(hits, 1):
            print(f"{n}. {hit.document.label(hit.provision.path)}  {hit.score:.3f} {hit.how}\n   {hit.text[:100]}")
    return 0


def _ask(args: argparse.Namespace, settings: Settings) -> int:
    from rag.pipeline import Engine
    from rag.terminal import quotations

    engine = Engine(settings)
    engine.start_model()  # beside what the search loads
    answer = _answered(engine, args.question, arguments.history(args.history), arguments.only(args), quiet=args.json)
    _print_json(answer.to_json()) if args.json else print("\n".join(quotations(answer)))
    return 0


def _answered(engine: Engine, question: str, history: Sequence[str], only: Only, quiet: bool = False) -> Answer:
    """The answer to a question, its sentences printed as they pass the check unless `quiet`."""
    from rag.records import with_markers

    shown, side = 0, ""
    for update in engine.ask(question, history, only):
        for sentence in () if quiet else update.answer.sentences[shown:]:
            said = f"{sentence.side}: " if sentence.side != side else ""
            print(said + with_markers(sentence), flush=True)
            side = sentence.side
        shown = len(update.answer.sentences)
    return update.answer


def _chat(args: argparse.Namespace, settings: Settings) -> int:
    from rag.pipeline import Engine
    from rag.terminal import asked, quotations

    engine = Engine(settings)
    engine.start_model()
    history: list[str] = []
    for question in asked(say("terminal_chat")):
        try:
            answer = _answered(engine, question, history, arguments.only(args))
        except TiaoYinError as error:  # the conversation goes on
            _fail(error)
            continue
        print("\n".join(quotations(answer)))
        history.append(question)
    return 0


def _eval(args: argparse.Namespace, settings: Settings) -> int:
    from rag.evaluate.whole import evaluate, write_drafts, write_feedback
    from rag.terminal import Bars, figures

    if bool(args.questions) + bool(args.draft) + args.from_feedback != 1:
        raise UsageError("eval_what")
    if args.from_feedback:
        made = write_feedback(settings, args.out)
    elif args.draft:
        with Bars() as bars:
            made = write_drafts(settings, args.draft, args.out, args.n, lambda n, of: bars.worked("eval", n, of))
    if not args.questions:
        print(say("eval_drafted", n=made, out=args.out))
        return 0
    with Bars() as bars:
        done = evaluate(
            settings, args.questions, args.out, only_retrieve=args.retrieval_only, before=args.compare,
            fail_if_worse=args.fail_if_worse, judge_by=args.judge, concurrency=args.concurrency,
            progress=lambda n, of, note: bars.worked("eval", n, of, note),
        )  # fmt: skip
    print("\n".join(figures(done.summary, done.differences, args.compare)))
    for each in done.worse:
        print(say("eval_worse", **vars(each)), file=sys.stderr)
    print(say("eval_done", n=done.n, failed=done.failed, report=done.report))
    return 3 if done.worse else 0


def _serve(args: argparse.Namespace, settings: Settings) -> int:
    from rag.pipeline import Engine
    from rag.serve import serve
    from rag.terminal import logged

    def announce(address: str) -> None:
        print(say("terminal_serving", address=address), file=sys.stderr, flush=True)
        engine.start_search()

    def ending(seconds: int) -> None:
        print(say("terminal_ending", seconds=seconds), file=sys.stderr, flush=True)

    logged()
    engine = Engine(settings)
    # The model loads beside the page, mostly outside of Python; the search would only get in the page's way.
    engine.start_model()
    serve(engine, settings.host, settings.port, settings.lang or None, announce, ending)
    return 0


def _mcp(args: argparse.Namespace, settings: Settings) -> int:
    from rag.mcp_server import serve
    from rag.pipeline import Engine

    engine = Engine(settings)
    engine.start_model()
    serve(engine)
    return 0


def _key(args: argparse.Namespace, settings: Settings) -> int:
    from rag import keys

    print("\n".join(keys.lines(settings.home, args.action, args.name)))
    return 0


def _doctor(args: argparse.Namespace, settings: Settings) -> int:
    from rag.doctor import examine

    findings = examine(settings)
    if args.json:
        _print_json([{"what": f.what, "ok": f.ok, "found": f.found, "cure": f.cure} for f in findings])
    else:
        for finding in findings:
            print(f"{'✓' if finding.ok else '✗'} {finding.what}: {finding.found}")
            if finding.cure:
                print(f"  → {finding.cure}")
    return 0 if all(finding.ok for finding in findings) else 1


COMMANDS = {
    "pull": _pull, "parse": _parse, "ingest": _ingest, "index": _index, "retrieve": _retrieve, "ask": _ask,
    "chat": _chat, "eval": _eval, "serve": _serve, "mcp": _mcp, "key": _key, "doctor": _doctor,
}  # fmt: skip

if __name__ == "__main__":
    run()
