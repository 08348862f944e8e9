"""Walks through other entry points: mass orders, forms that come again, staff's reorders and refunds."""

from tests.machine.walks.walker import Walker, walk


@walk
def pages(go: Walker) -> None:
    """A page of lines comes again, also when its service is off sale."""
    page = {"customer": "ada", "service": "1", "quantities": [333, 400], "token": "page"}
    go.mass(**page, die=2)
    go.mass(**page)
    go.reprice(provider="North", service="1", number=2)
    go.mass(**page)
    go.mass(**page | {"token": "next page"})


@walk
def reorders(go: Walker) -> None:
    """Staff order again what was refused, whatever token its customer's form was sent with."""
    pk = go.bought("refused", service="2")
    for token in (f"ordered again:{pk}", "api:1", "page:1", "a"):
        go.form(customer="ada", service="2", quantity=333, token=token)
    again = go.reorder(pk=pk)
    go.reorder(pk=pk)
    go.submit(pk=again, plan="placed")
    go.reorder(pk=again)


@walk
def given_back(go: Walker) -> None:
    """Staff and the provider give back, one more than the other."""
    pk = go.bought()
    go.give_back(pk=pk, percent=50, own=True)
    go.give_back(pk=pk, percent=50)
    go.says(pk, "Partial", 20, 80)
    go.give_back(pk=pk, percent=30)
    go.give_back(pk=pk, percent=60, die=0)
    go.give_back(pk=pk, percent=60)
    go.says(pk, "Completed", 0, 100)
    go.says(pk, "Partial", 70, 30)
    go.give_back(pk=pk, percent=100)
    go.says(pk, "Partial", 20)
