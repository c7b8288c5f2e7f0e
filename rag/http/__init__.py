"""The HTTP interface beside the page: an engine in, routes on an application out.

    POST /v1/chat/completions, GET /v1/models   in OpenAI's form, for clients that speak it
    POST /api/ask                               the answer object of `tiaoyin ask --json`
    GET /healthz, /readyz, /metrics, /openapi.json

`front` stands before page and routes (ids, keys, limits), `routes` and `forms` say what comes in and goes out, `line`
runs the engine in bounded threads, `errors` puts what goes wrong into OpenAI's form, `meters` counts. Logs and metrics
hold no text of questions or documents. `rag.serve` imports this once it serves; the libraries are its dependencies.
"""
