"""Names of columns that hold personal data, and what people are called; loads no library."""

from __future__ import annotations

import re

from orchestrator.data.people_words import PEOPLE, words_in, words_of
from orchestrator.data.personal_shapes import CARDS, EMAILS, PHONES, SOCIAL

PEOPLES_NAMES, STREETS, BIRTHS = "names of people", "street addresses", "birth dates"

# What a column holds, and the names that say so: words joined by "|", folded; words of PEOPLE before them do not count.
NAMED: dict[str, str] = {
    EMAILS: "email e|mail mail emails email|address mail|address e|mail|address courriel correo correo|electronico "
    "メール メールアドレス 邮箱 電子メール",
    PHONES: "phone telephone tel mobile cell cellphone fax phone|number telephone|number phone|no mobile|number "
    "home|phone work|phone mobile|phone cell|phone telefon telefonnummer handy handynummer mobilnummer "
    "telefono telefone movil celular cellulare portable numero|de|telephone 电话 手机 手机号 電話 電話番号",
    "bank accounts": "iban bank|account account|number account|no account|num kontonummer compte|bancaire 银行账号",
    CARDS: "credit|card card|number card|no credit|card|number kreditkarte kreditkartennummer cc|num cc|number pan",
    SOCIAL: "ssn social|security social|security|number social|security|no sin nin nino cpf nif dni nie cnp bsn "
    "national|id tax|id steuernummer sozialversicherungsnummer codice|fiscale numero|de|securite|sociale aadhaar "
    "personnummer passport passport|number passport|no reisepass pasaporte passeport passaporto driver|license "
    "drivers|license license|plate licence|plate number|plate 身份证 身份证号 マイナンバー",
    "IP addresses": "ip ip|address ip|addr ipaddress remote|addr mac|address",
    PEOPLES_NAMES: "first|name last|name full|name surname forename given|name family|name middle|name maiden|name "
    "firstname lastname fullname fname lname vorname nachname familienname prenom nom|de|famille nombre|completo "
    "apellido apellidos cognome nome|completo sobrenome username user|name login contact|name contact|person 姓名 氏名",
    STREETS: "address addr street|address street street|name home|address postal|address mailing|address address|1 "
    "address|line|1 strasse anschrift adresse direccion domicilio indirizzo endereco 地址 住所",
    BIRTHS: "birth|date date|of|birth birthdate dob birthday birth|day day|of|birth geburtsdatum geburtstag "
    "date|de|naissance fecha|de|nacimiento data|di|nascita data|de|nascimento 出生日期 生年月日",
}
BARE = words_in("name names nom nombre nome")
ROLES = PEOPLE | BARE | words_in("contact who author manager teacher doctor physician agent seller buyer caller sender")
TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sr|Sra)\b\.?")
PERSON = re.compile(r"[^\W\d_a-z][^\W\d_]*['’.-]?[^\W\d_]*(?:,? \(?[^\W\d_][^\W\d_]*['’.-]?[^\W\d_]*\.?\)?){1,9}")
GIVEN = words_in(
    "james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony "
    "mark paul steven andrew george edward peter henry mary patricia jennifer linda elizabeth barbara susan "
    "jessica sarah karen nancy lisa margaret sandra emily anna emma olivia sophia alice jane kate laura hans karl "
    "klaus jurgen wolfgang stefan andreas markus lukas felix jonas ursula monika petra sabine claudia julia "
    "katharina greta ingrid jean pierre michel philippe nicolas francois luc marie nathalie isabelle sylvie "
    "catherine camille chloe juan jose carlos luis javier miguel antonio manuel pedro maria carmen ana isabel "
    "lucia elena giovanni giuseppe marco luca paolo francesco andrea matteo giulia francesca chiara sara joao "
    "tiago rui paulo fernando beatriz ines mohammed ahmed ali omar fatima aisha yusuf ibrahim ivan olga dmitri "
    "natasha wei ming li hiroshi yuki kenji sakura priya raj amit arjun deepa noah liam mia leo max tom ben sam "
    "alex martin simon"
)


def kind_by_name(name: str) -> str:
    """What a column's name says that it holds; "" where it says nothing."""
    every = words_of(name)
    for words in (every, [word for word in every if word not in PEOPLE and word != "id"]):
        told = "|".join(words)
        for kind, names in NAMED.items():
            if told in names.split():
                return kind
    owned = len(every) > 1 and {*every} - PEOPLE <= BARE and bool({*every} & PEOPLE)
    return PEOPLES_NAMES if owned else ""


def is_like_a_name(text: str) -> bool:
    """Whether a text has the form of a person's name: two to ten capitalised words."""
    return " " in text.strip() and bool(PERSON.fullmatch(text.strip().replace('"', "")))
