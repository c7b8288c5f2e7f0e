"""What goes wrong -> a status and one sentence in OpenAI's error form, in the language of the caller.

In: a Refused, an error of the program's tree, or what a form found wrong. Out: a JSON response. No message repeats a
body; what it names of one is cut short.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from rag.allowance import AllowanceError
from rag.errors import GenerateError, IndexError_, ModelError, TiaoYinError, UsageError
from rag.unseen import seen
from rag.words import say

LOG = logging.getLogger("tiaoyin.http")
STATUSES = {UsageError: 400, AllowanceError: 429, GenerateError: 502, IndexError_: 503, ModelError: 503}
TYPES = {401: "authentication_error", 429: "rate_limit_error"}
SOON = 5
"""Seconds after which a caller may come again where nothing better is known."""
WRONG = {
    "missing": "http_missing", "extra_forbidden": "http_unknown_field", "json_invalid": "http_no_json",
    "string_too_long": "http_too_long", "too_long": "http_too_long",
    "string_too_short": "http_empty", "too_short": "http_empty", "http_text_only": "http_text_only",
}  # fmt: skip
"""Kinds of what pydantic finds wrong -> the sentence; another is `http_wrong_value`."""
PLAIN = {404: "http_not_found", 405: "http_method"}
_SPOKEN = re.compile(r"(?:^|,)\s*(zh|en)\b[^,;]*(?:;\s*q=([01](?:\.\d{0,3})?))?", re.IGNORECASE)


class Refused(HTTPException):
    """A request that gets no answer. `key` names the sentence that `values` fill; it also is the code, without http_.

    `param` is the field that is meant; `wait` the seconds after which to come again.
    """

    def __init__(self, status: int, key: str, *, param: str | None = None, wait: int = 0, **values: Any) -> None:
        super().__init__(status, headers={"retry-after": str(wait)} if wait else None)
        self.key, self.param, self.values = key, param, values


def refused(error: TiaoYinError) -> Refused:
    """An error of the program as a response: what the caller did is 400 or 429, what is missing here 503."""
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    minutes = error.values.get("minutes", 0)
    wait = minutes * 60 if isinstance(minutes, int) and status == 429 else SOON * (status == 503)
    made = Refused(status, error.key, wait=wait)
    made.values = error.values
    return made


def invalid(found: Sequence[Mapping[str, Any]]) -> Refused:
    """What is wrong with a body: the first that was found."""
    first = found[0]
    key = WRONG.get(first["type"], "http_wrong_value")
    field = seen(".".join(str(step) for step in first["loc"][1:]))[:80] or "body"
    param = None if key == "http_no_json" else field
    return Refused(400, key, param=param, field=field, limit=first.get("ctx", {}).get("max_length", ""))


def content(error: Refused, lang: str | None) -> dict[str, Any]:
    """The error object that clients of OpenAI's form read."""
    kind = TYPES.get(error.status_code, "invalid_request_error" if error.status_code < 500 else "server_error")
    message = say(error.key, lang, **error.values)
    return {"error": {"message": message, "type": kind, "param": error.param, "code": error.key.removeprefix("http_")}}


def response(error: HTTPException, lang: str | None) -> JSONResponse:
    """The response to any refusal, also one of the libraries' own."""
    if not isinstance(error, Refused):
        headers = error.headers
        error = Refused(error.status_code, PLAIN.get(error.status_code, "http_no_json"))
        error.headers = headers
    return JSONResponse(content(error, lang), error.status_code, headers=error.headers)


def spoken(accepted: str) -> str | None:
    """The language of an Accept-Language header; None where it names neither of ours: then the server's own."""
    found = [(float(weight or 1), lang.lower()) for lang, weight in _SPOKEN.findall(accepted)]
    return max(found, key=lambda each: each[0], default=(0.0, None))[1]


def handle(app: FastAPI) -> None:
    """Every refusal on `app` in this form."""

    def fault(request: Request, error: Exception) -> Response:
        last = traceback.extract_tb(error.__traceback__)[-1]  # not the message, which may hold a question
        LOG.error("id=%s fault=%s at=%s:%s", request.state.id, type(error).__name__, last.filename, last.lineno)
        told = response(Refused(500, "http_fault", id=request.state.id), request.state.lang)
        told.headers["x-request-id"] = request.state.id
        told.headers["connection"] = "close"  # which uvicorn does after a fault
        return told

    def said(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError):
            error = invalid(error.errors())
        elif isinstance(error, TiaoYinError):
            error = refused(error)
        assert isinstance(error, HTTPException)
        return response(error, request.state.lang)

    for kind in (RequestValidationError, TiaoYinError, HTTPException):
        app.add_exception_handler(kind, said)
    app.add_exception_handler(Exception, fault)
