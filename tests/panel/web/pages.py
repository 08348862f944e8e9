"""The site's addresses, with a stand-in for every page of the apps above: what the shell and the browser tests need."""

from decimal import Decimal

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import include, path

SAMPLE = """{% extends "shell.html" %}{% load panel %}
{% block title %}Sample{% endblock %}{% block heading %}Sample{% endblock %}
{% block content %}
<form method="post" action="/sent/" id="sender">{% csrf_token %}
<button class="btn btn-primary" id="send">Send</button></form>
<button class="btn btn-secondary" id="ask" hx-get="/gone/" hx-target="#answer">Ask</button>
<button class="btn btn-secondary" id="wrong" hx-post="/broken/" hx-target="#answer">Break</button>
<div id="answer"></div>
<table class="table table-cards"><tbody>
<tr><td>Order 1</td><td data-label="Link"><span class="link-cell">{% platform_icon "x.com/a" %}
<a class="truncate" href="#">https://www.example.com/a/very/long/address/that/never/ends/0123456789</a></span></td>
<td data-label="Delivered">{% delivered 437 1000 %}</td>
<td class="num" data-label="Charge">{% money charge "USD" %}</td>
<td data-label="State">{% state_badge "In progress" %}</td></tr>
</tbody></table>
{% delivered 437 1000 start=1200 full=True %}
{% empty_state title="Nothing" text="Yet." %}{% notice "News" %}{% skeleton 2 %}
{% endblock %}"""
sent: list[str] = []


def sample(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(SAMPLE)
    return HttpResponse(template.render({"charge": Decimal("1234567.1"), "wallet_balance": Decimal("10.5")}, request))


def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return sample(request)
    return render(request, "public/front.html", {"services_count": 4812, "platforms": ["Instagram", "TikTok"]})


def send(request: HttpRequest) -> HttpResponse:
    sent.append(request.method or "")
    return HttpResponse(status=204)


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def senseless(request: HttpRequest) -> HttpResponse:
    raise BadRequest


urlpatterns = [
    path("", home, name="home"),
    path("order/", sample, name="new_order"),
    path("orders/", sample, name="orders"),
    path("services/", sample, name="services"),
    path("wallet/", sample, name="wallet"),
    path("staff/", sample, name="staff"),
    path("sent/", send),
    path("broken/", broken),
    path("forbidden/", forbidden),
    path("senseless/", senseless),
    path("", include("panel.customers.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
