"""The prompts, one Markdown file a language; `rag/prompt.py` reads them."""
