"""Which language a request is written in: script first, then the small words of each language."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "zh", "ja")

_WORDS: dict[str, frozenset[str]] = {
    "en": _words(
        "the a an of to in on and or for with is are what how when which why do does i my me it this that from "
        "please train predict using use should between can you model test write find give build make learning "
        "explain run best new data set target column then heat equation network initial condition seed model "
        "layers need want"
    ),
    "de": _words(
        "klassifiziere zielspalte zielvariable datei erkenne prognostiziere hilfe hallo simuliere berechne "
        "danke bitte kannst brauche funktioniert mochte vergleiche optimiere zeige der die das den dem des ein "
        "eine einen einem einer und oder mit auf fur von zu zum zur ist sind was wie wann "
        "warum welche welcher welches ich mein meine meinen mir bitte ohne nicht soll sollte uber im am sage lose "
        "vorhersage trainiere spalte trainieren modell daten netz auch nach erstelle bewerte schreib stelle"
    ),
    "fr": _words(
        "bonjour salut aide merci chaleur resous prevois detecte quelle entre raconte compare veux peux "
        "simulez le la les un une des du de et ou avec sur pour par est sont que qu quoi comment quand "
        "pourquoi quelle quel je "
        "mon ma mes moi s'il vous plait sans pas au aux dans l d modele entraine predis colonne evalue fais ecris "
        "deploie donnees cree jeu reseau"
    ),
    "es": _words(
        "hola ayuda gracias ecuacion calor resuelve clasifica simula red quiero necesito compara produccion "
        "cuando el la los las un una unos de del y o con en para por es son que como cuando cual mi mis me "
        "favor no al "
        "lo se modelo entrena predice columna evalua despliega datos haz escribe ajusta usa red construye"
    ),
    "it": _words(
        "ciao aiuto grazie equazione calore risolvi numericamente simulazione voglio confronta rete tra qual "
        "metti il lo la i gli le un uno una di del della dell dei delle e o con su sul sulla per da e sono che "
        "come quando "
        "quale perche mio mia mi senza non al alla nel nella cos modello addestra prevedi colonna valuta dati "
        "scrivi usa crea"
    ),
    "pt": _words(
        "ajuda obrigado equacao resolva classifique simule quero compare entre producao funciona o a os as um "
        "uma de do da dos das e ou com em no na nos nas para por que como quando qual meu minha me sem nao "
        "ao modelo treine treinar preveja coluna avalie implante dados escreva crie use rede usando"
    ),
}
# Words that only one of the look-alike languages has; they weigh more.
_TELLING: dict[str, frozenset[str]] = {
    "de": _words("und der die das mit fur ich nicht ohne eine ein trainiere spalte"),
    "fr": _words("le les et avec pour est du des une sur qu au mon"),
    "es": _words("el los las y con para del mi es cuando cual datos"),
    "it": _words("il gli di della dell per con che sui sulla dati cos perche"),
    "pt": _words("o os do da com para uma em no na nao meu os as dados"),
    "en": _words("the of and with what how my to for on"),
}
_ACCENTS = {"de": "äöüß", "fr": "àâçèêëîïôùûœ", "es": "ñ¿¡", "it": "ìò", "pt": "ãõ"}
_WORD = re.compile(r"[^\W\d_]+")
# Letters that touch a mathematical sign, a digit or a bracket, over blanks too, are symbols and no words: "y'' + 4 y".
_SIGN = r"-+*/^=<>_(\[|∂∇Δ·"
_SYMBOL = re.compile(
    rf"(?<![^\W\d_])[^\W\d_]{{1,2}}(?:'+(?![^\W\d_])|(?=\s*[{_SIGN}\d)\]²³]))"
    rf"|(?<=\d)\s+[^\W\d_](?=\s*(?:$|[,;.)=+*/^-]))"
    rf"|(?:(?<=[{_SIGN}])\s*|(?<=[\d)\]²³]))[^\W\d_]{{1,2}}(?![^\W\d_'])"
)
_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")


def detect(plain: str, raw: str) -> str:
    """ISO 639-1 of the words, without symbols of formulas (quoted parts are masked); English where unsure."""
    spoken = "".join(seen if masked > " " else " " for seen, masked in zip(raw, plain, strict=True))
    if _KANA.search(spoken):
        return "ja"
    if len(_HAN.findall(spoken)) >= 2:
        return "zh"
    words = _WORD.findall(_SYMBOL.sub(" ", plain))[:400]
    scores = {
        code: float(sum(1 + (word in _TELLING[code]) for word in words if word in known))
        for code, known in _WORDS.items()
    }
    lower = spoken.lower()
    for code, letters in _ACCENTS.items():
        scores[code] += 1.5 * sum(letter in lower for letter in letters)
    best = max(scores, key=lambda code: (scores[code], code == "en"))
    return best if scores[best] > 0 else "en"
