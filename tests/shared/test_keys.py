"""API keys: kept as hashes, compared whole, limited by scope."""

import pytest

from shared.keys import ApiKey, hashed, holder, new_key

DIGEST = "0" * 64


def test_a_new_key_opens_what_its_hash_was_kept_for_and_nothing_else():
    mine, other = new_key(b"\x01" * 32), new_key(b"\x02" * 32)
    kept = hashed("mine", ["read"], mine)
    assert mine not in str(kept)
    assert holder([hashed("other", ["read"], other), kept], mine) == kept
    assert holder([kept], mine + "x") is None
    assert holder([], mine) is None


def test_the_settings_form_is_read_back():
    key = hashed("ops", ["publish", "read"], "k")
    assert ApiKey.parse(str(key)) == key


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ops", "name:scope\\+scope:sha256"),
        ("ops:read", "name:scope\\+scope:sha256"),
        (f"ops:write:{DIGEST}", "unknown scopes \\['write'\\]"),
        (f"ops::{DIGEST}", "unknown scopes \\[''\\]"),
        ("ops:read:00ff", "64 lower-case hexadecimal digits"),
        (f"ops:read:{'G' * 64}", "64 lower-case hexadecimal digits"),
    ],
)
def test_a_malformed_key_says_what_is_wrong(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        ApiKey.parse(text)
