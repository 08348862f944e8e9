"""Sealed secrets: they open where they belong, under any key that is still listed, and nowhere else."""

import base64

import pytest

from panel.lib.crypto import SealError, new_key, seal, unseal
from panel.lib.secret import Secret

PLACE = "providers_provider:1:key"
OLD, NEW = new_key(), new_key()


def test_it_opens_in_its_place_alone() -> None:
    sealed = seal(Secret("the key"), place=PLACE, keys=[OLD])
    assert unseal(sealed, place=PLACE, keys=[OLD]).reveal() == "the key"
    with pytest.raises(SealError, match="another row"):
        unseal(sealed, place="providers_provider:2:key", keys=[OLD])


def test_the_same_secret_is_never_sealed_alike_and_shows_nothing() -> None:
    first, second = (seal(Secret("the key"), place=PLACE, keys=[OLD]) for _ in range(2))
    assert first != second
    assert "the key" not in first
    assert "the key" not in base64.urlsafe_b64decode(first.rpartition(".")[2]).decode("latin-1")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = seal(Secret("the key"), place=PLACE, keys=[OLD])
    assert unseal(before, place=PLACE, keys=[NEW, OLD]).reveal() == "the key"
    after = seal(Secret("the key"), place=PLACE, keys=[NEW, OLD])
    with pytest.raises(SealError, match="not in DATA_KEYS"):
        unseal(after, place=PLACE, keys=[OLD])


def test_what_was_changed_does_not_open() -> None:
    version, key_id, body = seal(Secret("the key"), place=PLACE, keys=[OLD]).split(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    for place in (0, 12, len(raw) - 1):  # the nonce, the text, the tag
        changed = bytes(byte ^ 1 if number == place else byte for number, byte in enumerate(raw))
        with pytest.raises(SealError):
            unseal(f"{version}.{key_id}.{base64.urlsafe_b64encode(changed).decode()}", place=PLACE, keys=[OLD])
    with pytest.raises(SealError, match="unknown version"):
        unseal(f"v2.{key_id}.{body}", place=PLACE, keys=[OLD])


def test_a_key_has_256_bits() -> None:
    assert len(base64.urlsafe_b64decode(new_key())) == 32
    with pytest.raises(SealError, match="32 bytes"):
        seal(Secret("x"), place=PLACE, keys=[base64.urlsafe_b64encode(b"short").decode()])
