"""The endpoint of the API: checks the key and the rate limit and runs the action. The response is always JSON.

It ignores cookies, so a signed-in browser gives no access to it. A key in the URL is refused, since it would be in
every log on the way.
"""

import json
import logging
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from orders.api.actions import ACTIONS, READ_ONLY, Call
from orders.api.params import INCORRECT, ApiError, Params, form_params, json_params
from orders.api.service_list import Prebuilt
from orders.rules.serializers import error
from panel.customers.keys import ApiClient, authenticate_key
from panel.lib.outbound.addresses import network_of
from panel.web.body_limit import body_rule
from panel.web.rate_limit import Limit, Taken, take

log = logging.getLogger(__name__)

BAD_KEY = "Invalid API key"
KEY_IN_URL = "Send the API key in the POST body, not in the URL"
TOO_LARGE = "This request is too large"
RATE_LIMITED = "Too many requests"
SERVER_ERROR = "Server error. Check whether the order was placed before you retry"
WRONG_KEYS = Limit("api-wrong-key", 30, 60)


def _too_large(request: HttpRequest) -> HttpResponse:
    return _json(error(TOO_LARGE), status=413)


@body_rule(refuse=_too_large)
@csrf_exempt
@sensitive_post_parameters()
def api(request: HttpRequest) -> HttpResponse:
    """Answer one API call."""
    try:
        return _answer(request)
    except ApiError as problem:
        return _json(error(str(problem)), status=problem.status)
    except (RequestDataTooBig, UnreadablePostError):
        return _too_large(request)
    except (MultiPartParserError, SuspiciousOperation, BadRequest):
        return _json(error(INCORRECT), status=400)
    except Exception as problem:  # clients expect JSON, whatever went wrong
        log.exception("API call failed")
        return _json(error(SERVER_ERROR), status=503 if isinstance(problem, DatabaseError) else 500)


def _answer(request: HttpRequest) -> HttpResponse:
    if "key" in request.GET:
        raise ApiError(KEY_IN_URL, status=400)
    if request.method != "POST":
        refused = _json(error(INCORRECT), status=405)
        refused["Allow"] = "POST"
        return refused
    params = _params(request)
    holder = _holder(request, params)
    name = params.get("action", "")
    taken = take(_limit(name), who=str(holder.key_id))
    if taken.is_over:
        return _limited(_json(error(RATE_LIMITED), status=429), taken)
    action = ACTIONS.get(name)
    if action is None:
        raise ApiError(INCORRECT)
    if action.changes and holder.is_read_only:
        raise ApiError(READ_ONLY)
    return _limited(_run(request, name, Call(holder, params, timezone.now())), taken)


def _run(request: HttpRequest, name: str, call: Call) -> HttpResponse:
    try:
        answer = ACTIONS[name].run(call)
    except ApiError as problem:
        answer = error(str(problem))
    return _prebuilt(request, answer) if isinstance(answer, Prebuilt) else _json(answer)


def _params(request: HttpRequest) -> Params:
    """The parameters of the body, and the idempotency key of the header where the body has none."""
    params = json_params(request.body) if request.content_type == "application/json" else form_params(request.POST)
    return form_params({"idempotency_key": request.headers.get("Idempotency-Key", "")}) | params


def _holder(request: HttpRequest, params: Params) -> ApiClient:
    address = _address(request)
    holder = authenticate_key(text=params.get("key", "").strip(), address=address, now=timezone.now())
    if holder is None:
        taken = take(WRONG_KEYS, who=network_of(address))
        raise ApiError(RATE_LIMITED, status=429) if taken.is_over else ApiError(BAD_KEY)
    return holder


def _address(request: HttpRequest) -> str:
    try:
        found: str = get_adapter().get_client_ip(request)
    except PermissionDenied:  # behind a socket there is none
        return ""
    return found


def _limit(action: str) -> Limit:
    match action:
        case "add":
            return Limit("api-add", settings.API_ADD_PER_10_SECONDS, 10)
        case "services":
            return Limit("api-services", settings.API_SERVICES_PER_MINUTE, 60)
    return Limit("api", settings.API_CALLS_PER_10_SECONDS, 10)


def _limited(response: HttpResponse, taken: Taken) -> HttpResponse:
    if taken.limit.count:
        response["RateLimit-Limit"] = response["X-RateLimit-Limit"] = str(taken.limit.count)
        response["RateLimit-Remaining"] = response["X-RateLimit-Remaining"] = str(taken.left)
        response["RateLimit-Reset"] = response["X-RateLimit-Reset"] = str(taken.reset)
        if taken.is_over:
            response["Retry-After"] = str(taken.reset)
    return response


def _prebuilt(request: HttpRequest, answer: Prebuilt) -> HttpResponse:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = _plain(answer.compressed if takes_gzip else answer.body)
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _json(answer: Any, *, status: int = 200) -> HttpResponse:
    return _plain(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"), status=status)


def _plain(body: bytes, *, status: int = 200) -> HttpResponse:
    response = HttpResponse(body, content_type="application/json", status=status)
    response["Cache-Control"] = "no-store"
    return response
