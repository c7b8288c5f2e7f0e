"""TiaoYin 条引: ask policy and legal documents; every sentence of the answer cites its article and clause.

    read -> structure -> chunk -> embed -> index          ingest.py
    question -> retrieve -> prompt -> generate -> cite    pipeline.py

Each arrow is a function of its left side, in a module named after the verb; `records.py` holds what travels along them.
The public names are `rag.pipeline.Engine`, `rag.ingest.ingest` and `rag.ingest.parse`, `rag.settings.load`, the records
and the errors. Importing this package loads no library and touches no file.
"""

__version__ = "0.1.0"
