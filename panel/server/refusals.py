"""Answers that need no thread: to what is no proper request, or does not come to its end. They repeat nothing sent."""

from http import HTTPStatus

from gunicorn.http import errors

BY_ERROR: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (errors.InvalidHTTPVersion, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED),
    (errors.ParseException, HTTPStatus.BAD_REQUEST),
)
TEXTS = {
    HTTPStatus.BAD_REQUEST: "The server did not understand this request.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is too long.",
    HTTPStatus.EXPECTATION_FAILED: "The server cannot do what the Expect header asks for.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side.",
    HTTPStatus.NOT_IMPLEMENTED: "The server does not know this transfer coding.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The panel is busy. Please try again in a moment.",
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: "The server speaks HTTP/1.1.",
}


def status_of(problem: errors.ParseException) -> HTTPStatus:
    """The status that a request with this problem is answered with."""
    return next(status for kind, status in BY_ERROR if isinstance(problem, kind))


def refusal(status: HTTPStatus, *, extra: str = "") -> bytes:
    """The whole answer; the connection ends with it."""
    body = f"{TEXTS[status]}\n"
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n{extra}Connection: close\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode("ascii")
