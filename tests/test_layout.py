"""Claims about the shape of the code: which module may import what, and how long things get."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = sorted(path for folder in ("rag", "ui") for path in (ROOT / folder).rglob("*.py"))
HOMES = {
    "chromadb": {"rag/vectors.py"},
    "llama_index": {"rag/generate/llama_index.py", "rag/generate/openai_like.py"},
    "openai": {"rag/generate/openai_like.py"},
    "gradio": {"ui/app.py"},
    "sentence_transformers": {"rag/embed.py", "rag/rerank.py"},
    "transformers": {"rag/embed.py", "rag/rerank.py", "rag/generate/hugging_face.py"},
    "huggingface_hub": {"rag/fetch.py"},
    "openvino": {"rag/quiet.py"},
    "openvino_genai": {"rag/quiet.py"},
    "torch": {"rag/embed.py", "rag/rerank.py", "rag/generate/hugging_face.py"},
    "xllamacpp": {"rag/generate/gguf.py"},
    "spaces": {"rag/generate/hugging_face.py"},
    "bm25s": {"rag/lexical.py"},
    "Stemmer": {"rag/cut.py"},
    "rjieba": {"rag/cut.py"},
    "uvicorn": {"rag/serve.py"},
    "fastapi": {"rag/serve.py", "rag/uploading.py", "rag/http/routes.py", "rag/http/errors.py"},
    "pydantic": {"rag/http/forms.py"},
    "prometheus_client": {"rag/http/meters.py"},
    "mcp": {"rag/mcp_server.py"},
    "rich": {"rag/terminal.py"},
    # models by the first, documents by the second; the others name what the clients of servers let through
    "httpx": {"rag/fetch.py", "rag/read/address.py", "rag/vectors.py", "rag/generate/openai_like.py"},
    "safetensors": {"rag/convert_e5.py"},
    "docx": {"rag/read/docx.py", "ui/word.py"},
    "selectolax": {"rag/read/html.py"},
    "openpyxl": {"rag/read/table.py"},
    "pypdfium2": {"rag/read/pdf.py"},
    "rapidocr": {"rag/read/scan.py"},
    "PIL": {"rag/read/scan.py"},
    "matplotlib": {"rag/evaluate/charts.py"},
    "tokenizers": {"rag/convert_e5.py", "rag/embed.py"},  # written by the one, read by the other
}
MIDDLE = {
    "rag.records",
    "rag.source",
    "rag.errors",
    "rag.labels",
    "rag.numerals",
    "rag.words",
    "rag.facts",
    "rag.across",
    "rag.statutes",
    "rag.cut",
    "rag.worded",
    "rag.once",
    "rag.quiet",
    "rag.unseen",
}
# Stages, each with the modules that make it up; a stage may import its own modules and the middle.
STAGES = {
    "read": ("rag.read",),
    "structure": ("rag.structure",),
    "chunk": ("rag.chunk",),
    "embed": ("rag.embed", "rag.narrow"),
    "rerank": ("rag.rerank",),
    "index": ("rag.index", "rag.keep", "rag.rows", "rag.vectors"),
    "lexical": ("rag.lexical",),
    "retrieve": ("rag.retrieve",),
    "rewrite": ("rag.rewrite",),
    "widen": ("rag.widen", "rag.evidence", "rag.amounts", "rag.awaited", "rag.decide", "rag.places", "rag.questions"),
    "prompt": ("rag.prompt", "rag.prompts"),
    "generate": ("rag.generate",),
    "cite": ("rag.cite", "rag.carried", "rag.aligned"),
    "reference": ("rag.bare", "rag.entitled", "rag.reference", "rag.referred", "rag.titles", "rag.named", "rag.told"),
    "models": ("rag.models", "rag.catalogue", "rag.checked", "rag.fetch", "rag.wheels", "rag.convert_e5"),
}
SETTINGS = {
    "rag/settings.py",
    "rag/bringing.py",
    "rag/evaluate/whole.py",
    "rag/ingest.py",
    "rag/loaded.py",
    "rag/pipeline.py",
    "rag/doctor.py",
    "rag/mend.py",
    "rag/stock.py",
    "rag/visitors.py",
    "rag/__main__.py",
    "ui/page.py",
    "ui/space.py",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_each_outside_library_has_one_home(path: Path) -> None:
    for name in imports(parsed(path)):
        library = name.split(".")[0]
        assert str(path.relative_to(ROOT)) in HOMES.get(library, {str(path.relative_to(ROOT))}), name


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    own = STAGES[stage]
    for path in CODE:
        if not name_of(path).startswith(own):
            continue
        for name in imports(parsed(path)):
            if name.startswith("rag."):
                assert name.startswith((*own, *MIDDLE)), f"{name_of(path)} imports {name}"


def test_settings_are_read_by_the_pipeline_and_the_command_line_only() -> None:
    readers = {str(p.relative_to(ROOT)) for p in CODE if any("rag.settings" in n for n in imports(parsed(p)))}
    assert readers <= SETTINGS


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_files_and_functions_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, f"{name_of(path)}.{node.name}"


def test_nothing_heavy_is_imported_until_it_is_needed() -> None:
    heavy = ["torch", "gradio", "chromadb", "llama_index", "sentence_transformers", "openvino_genai", "numpy", "rich"]
    code = "import sys; sys.argv[1:] = ['--help']\nimport rag.__main__ as m\ntry: m.main()\nexcept SystemExit: pass\n"
    code += f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"
    assert "retrieve" in done.stdout
