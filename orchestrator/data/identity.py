"""Numbers that carry a check of their own: bank accounts, payment cards, identity numbers; telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

_LETTERS = str.maketrans({letter: str(ord(letter) - 55) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
_NOT_A_DIGIT = re.compile(r"\D")
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[ T].*)?")
_NATIONAL = re.compile(r"(?:\(\d{2,5}\) ?|0[1-9]\d{0,4}[-./ ])\d{2,4}(?:[-./ ]\d{2,4}){1,4}|\d{3}([-. ])\d{3}\1\d{4}")
_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22,
    25, 24, 23,
), strict=True))  # fmt: skip


def is_iban(text: str) -> bool:
    """An account number after ISO 13616: its letters as numbers, moved four places round, are 1 modulo 97."""
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int((plain[4:] + plain[:4]).translate(_LETTERS)) % 97 == 1


def is_payment_card(text: str) -> bool:
    """13 to 19 digits that begin as those of cards do and pass Luhn's check (ISO/IEC 7812)."""
    digits = _NOT_A_DIGIT.sub("", text)
    if not (13 <= len(digits) <= 19 and digits[0] in "3456" and len(set(digits)) > 1):
        return False
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0


def is_phone(text: str) -> bool:
    """A telephone number with its country's prefix, or with the spaces, signs or brackets that such numbers have."""
    digits = _NOT_A_DIGIT.sub("", text)
    if not 8 <= len(digits) <= 15 or _DATE.fullmatch(text.strip()):
        return False
    if re.match(r"(?:\+|00)[1-9]", text.strip()):
        return True
    return 9 <= len(digits) <= 12 and bool(_NATIONAL.fullmatch(text.strip()))


def is_social_security(text: str) -> bool:
    """A number of the United States, whose parts are none of those that are never given."""
    area, group, serial = text[:3], text[4:6], text[7:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def _cpf(text: str) -> bool:
    """Brazil: two check digits, weighted sums modulo 11."""
    if not re.fullmatch(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", text):
        return False
    digits = [int(digit) for digit in _NOT_A_DIGIT.sub("", text)]
    sums = [sum(d * w for d, w in zip(digits, range(n + 1, 1, -1), strict=False)) * 10 % 11 % 10 for n in (9, 10)]
    return len(set(digits)) > 1 and sums == digits[9:]


def _dni(text: str) -> bool:
    """Spain: the letter is the number modulo 23."""
    match = re.fullmatch(r"([XYZ]?)(\d{7,8})-?([A-Z])", text.upper())
    if not match:
        return False
    number = int({"": "", "X": "0", "Y": "1", "Z": "2"}[match[1]] + match[2])
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == match[3]


def _codice_fiscale(text: str) -> bool:
    """Italy: the last letter is a sum over the others modulo 26."""
    plain = text.upper()
    if not re.fullmatch(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", plain):
        return False
    even = (int(sign) if sign.isdigit() else ord(sign) - 65 for sign in plain[1:15:2])
    return chr(65 + (sum(_ODD[sign] for sign in plain[:15:2]) + sum(even)) % 26) == plain[15]


def _insee(text: str) -> bool:
    """France: two check digits, 97 less the number modulo 97."""
    plain = re.sub(r"[ .-]", "", text).replace("2A", "19").replace("2B", "18")
    return bool(re.fullmatch(r"[12]\d{14}", plain)) and 97 - int(plain[:13]) % 97 == int(plain[13:])


def _resident(text: str) -> bool:
    """China: 18 places, the last by weights modulo 11 (GB 11643)."""
    plain = text.upper()
    if not re.fullmatch(r"[1-9]\d{5}(?:19|20)\d{9}[\dX]", plain):
        return False
    return "10X98765432"[sum(int(d) * (2 ** (17 - at) % 11) for at, d in enumerate(plain[:17])) % 11] == plain[17]


def _ahv(text: str) -> bool:
    """Switzerland: 756, then the check digit of an EAN."""
    plain = re.sub(r"[. ]", "", text)
    if not re.fullmatch(r"756\d{10}", plain):
        return False
    return (10 - sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(plain[:12])) % 10) % 10 == int(plain[12])


def _nino(text: str) -> bool:
    """The United Kingdom: the form alone, as these numbers carry no check."""
    plain = text.replace(" ", "").upper()
    return bool(re.fullmatch(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]", plain))


NATIONAL: tuple[Callable[[str], bool], ...] = (_cpf, _dni, _codice_fiscale, _insee, _resident, _ahv, _nino)


def is_national_number(text: str) -> bool:
    """An identity number of Brazil, China, France, Italy, Spain, Switzerland or the United Kingdom."""
    return any(passes(text) for passes in NATIONAL)
