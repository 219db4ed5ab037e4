"""The forms of personal data: what a text is in full, and what stands in it among other words; and how it is masked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from orchestrator.data.identity import is_iban, is_national_number, is_payment_card, is_phone, is_social_security

EMAILS, PHONES, ACCOUNTS = "e-mail addresses", "telephone numbers", "bank accounts"
CARDS, SOCIAL, ADDRESSES = "payment card numbers", "identity numbers", "IP addresses"


@dataclass(frozen=True)
class Shape:
    """One form: `kind` in the plural and `one` in the singular, its pattern, and a check of what it finds."""

    kind: str
    one: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = bool

    def is_whole(self, text: str) -> bool:
        return bool(self.pattern.fullmatch(text)) and self.check(text)

    def mask(self, text: str) -> str:
        return self.pattern.sub(lambda found: f"({self.one})" if self.check(found[0]) else found[0], text)


# In the order in which they are looked for: what is masked first is not looked at again.
SHAPES: tuple[Shape, ...] = (
    Shape(
        EMAILS, "an e-mail address",
        re.compile(r"[\w.%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
    ),
    Shape(
        ACCOUNTS, "a bank account",
        re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?![A-Za-z0-9])"),
        is_iban,
    ),
    Shape(
        ADDRESSES, "an IP address",
        re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.])"),
    ),
    Shape(
        ADDRESSES, "an IP address",
        re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])"
                   r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,6}:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?(?![\w:])"),
    ),
    Shape(
        SOCIAL, "an identity number",
        re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
        is_social_security,
    ),
    Shape(
        SOCIAL, "an identity number",
        re.compile(r"(?<![\w.])(?:\d{3}\.?\d{3}\.?\d{3}-?\d{2}|[XYZxyz]?\d{7,8}-?[A-Za-z]|[A-Za-z]{6}\d{2}[A-Za-z]\d{2}"
                   r"[A-Za-z]\d{3}[A-Za-z]|[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d|\d{17}[\dXx]"
                   r"|756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}|[A-Za-z]{2} ?\d\d ?\d\d ?\d\d ?[A-Da-d])(?!\w)"),
        is_national_number,
    ),
    Shape(CARDS, "a payment card number", re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])"), is_payment_card),
    Shape(
        PHONES, "a telephone number",
        re.compile(r"(?<![\w.+/-])(?:\+ ?)?\(?\d[\d ()./-]{5,20}\d(?![\w-])"),
        is_phone,
    ),
)  # fmt: skip


def kind_of(text: str) -> str:
    """What a text is in full; "" where it is none of these."""
    plain = text.strip()
    return next((shape.kind for shape in SHAPES if shape.is_whole(plain)), "")


def mask(text: str) -> str:
    """The text, with every piece of personal data that has one of these forms named in its place.

    Names of people and addresses of streets have no form by which they are told from other words: they stay.
    """
    return reduce(lambda told, shape: shape.mask(told), SHAPES, text)
