"""The scan for secrets: it sees what it should, and the tree holds none that is not known."""

import pytest

from scripts.scan_secrets import KNOWN, digest, found_in, look

# In pieces, so that the scan does not find them here.
SECRETS = [
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AK" + "IAIOSFODNN7EXAMPLE",
    "gh" + "p_" + "a1B2" * 9,
    "pk" + "_a1b2c3d4_" + "Ab1-" * 10 + "xyz",
    "wh" + "sec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "redis://panel:" + "s3cretpass" + "@redis.example:6379/0",
    "PROVIDER_KEY_TOKEN = '" + "9f8a7c6b5e4d3c2b1a0f" + "Zq'",
    'password: "' + "tR5kL9mN2pQ7wX4v" + 'B8nJ"',
]


@pytest.mark.parametrize("line", SECRETS)
def test_it_is_seen(line: str) -> None:
    assert list(found_in(line))


@pytest.mark.parametrize(
    "line",
    [
        "API_PEPPER_FILE=/run/secrets/api_pepper",
        "password = models.CharField(max_length=128)",
        'token = "every-word-of-this-is-plain-english"',
        "DATABASE_URL: postgres://panel:${POSTGRES_PASSWORD:?set it in .env}@postgres:5432/panel",
        "https://panel.example.com/accounts/login/",
    ],
)
def test_what_is_none_is_left(line: str) -> None:
    assert list(found_in(line)) == []


def test_the_tree_holds_only_those_that_are_known() -> None:
    known = {line.split()[0] for line in KNOWN.read_text().splitlines()}
    assert {place for one, place in look().items() if one not in known} == set()
    assert digest("") not in known
