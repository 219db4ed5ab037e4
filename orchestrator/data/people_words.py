"""Words by which columns that tell of people are known; loads no library, since planners read them too."""

from __future__ import annotations

import re
import unicodedata

# Names of columns in the languages that requests are read in: words, folded, joined by "|".
NAMES: dict[str, str] = {
    "sex": "sex gender geschlecht sexe genre sexo genero sesso 性别 性別",
    "race or ethnicity": "race ethnicity ethnic|group ethnic race|ethnicity ethnicity|race ethnie ethnische|herkunft "
    "hautfarbe etnia raza razza raca cor|raca skin|color skin|colour 种族 民族 人種",
    "religion": "religion religious|affiliation faith konfession glaube religione religiao 宗教",
    "age": "age ages alter lebensalter edad eta idade 年龄 年齢",
    "disability": "disability disabled disabilities handicap handicapped behinderung behindert schwerbehindert "
    "discapacidad disabilita deficiencia 残疾 障害",
    "nationality": "nationality citizenship citizen foreign|worker foreigner foreign|born native|country "
    "country|of|birth birth|country birthplace staatsangehorigkeit nationalitat staatsburgerschaft nationalite "
    "nacionalidad nazionalita cittadinanza nacionalidade immigrant migrant migration|background "
    "migrationshintergrund 国籍",
    "marital status": "marital maritl marital|stat married civil|status familienstand verheiratet etat|civil "
    "situation|familiale estado|civil stato|civile 婚姻 婚姻状况 婚姻状態",
    "sexual orientation": "sexual|orientation orientation|sexuelle sexuelle|orientierung orientacion|sexual 性的指向",
    "pregnancy": "pregnant pregnancy schwanger enceinte embarazada incinta gravida 怀孕 妊娠",
    "political opinion": "political|party political|opinion political|affiliation political|views ideology",
    "union membership": "union|member trade|union gewerkschaft",
}


def words_in(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of a column's name these words say whom it is about, and these in which form; neither says what it tells.
PEOPLE = words_in(
    "patient customer client applicant borrower person people personal employee worker user respondent participant "
    "subject student driver owner insured policyholder beneficiary member candidate defendant victim passenger mother "
    "father head household the of at in on by is kunde kundin patientin personne"
)
FORMS = words_in(
    "code group groups category cat class bin binary band bracket range type status self reported derived label name "
    "years year yrs yr n value num dummy flag observed total current last final enrollment admission entry diagnosis "
    "annees ans jahre anos anni 1 2 3 4 5"
)
VALUES: dict[str, frozenset[str]] = {
    "sex": words_in(
        "male female man woman men women boy girl mann frau mannlich weiblich maennlich homme femme masculin feminin "
        "hombre mujer masculino femenino uomo donna maschio femmina homem mulher feminino nonbinary non-binary "
        "divers transgender 男 女 男性 女性"
    ),
    "race or ethnicity": words_in(
        "white black asian hispanic latino latinx caucasian african-american asian-pac-islander amer-indian-eskimo "
        "native-american nonwhite hispan"
    )
    | {"african american", "native american", "american indian", "pacific islander", "black or african american"},
    "religion": words_in(
        "christian catholic protestant muslim jewish hindu buddhist sikh atheist agnostic orthodox evangelisch "
        "katholisch muslimisch judisch"
    ),
    "marital status": words_in(
        "married single divorced widowed separated unmarried never-married verheiratet ledig geschieden verwitwet "
        "marie celibataire divorce veuf casado soltero divorciado viudo sposato celibe nubile divorziato vedovo "
        "solteiro viuvo 已婚 未婚 离婚"
    )
    | {"never married"},
}
NO_ANSWER = words_in("other others unknown unspecified none undisclosed missing not-specified prefer-not-to-say")


def by_name(name: str) -> str:
    """The attribute that a column's name tells; "" where it tells none."""
    every = words_of(name)
    words = [word for word in every if word not in PEOPLE]
    for kept in (every, words, [word for word in words if word not in FORMS]):
        told = "|".join(kept)
        for attribute, names in NAMES.items():
            if told in names.split():
                return attribute
    return ""


def attribute_of(word: str) -> str:
    """The attribute that a word names, or of which it names a group ("gender", "women"); "" where it does neither."""
    singular = word.removesuffix("s")
    grouped = (attribute for attribute, words in VALUES.items() if {fold(word), fold(singular)} & words)
    return by_name(word) or by_name(singular) or next(grouped, "")


def words_of(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)", " ", name)
    return re.findall(r"[^\W_]+", fold(spaced))


def fold(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.strip().lower())
    return unicodedata.normalize("NFC", "".join(letter for letter in plain if not "\u0300" <= letter <= "\u036f"))
