"""The page in the browser: `present` turns answers into HTML, `app` wires the widgets. Served by `rag.serve`."""
