"""What is refused: harm, and what lies outside machine learning. Defence is not harm.

Heuristic on words: someone who hides a harmful wish behind neutral words is not caught here.
"""

from __future__ import annotations

import re

_DEFENCE = re.compile(
    r"\b(?:detect\w*|prevent\w*|identif\w*|recogni[sz]\w*|flag\w*|filter\w*|block\w*|classif\w*|protect\w*"
    r"|defen[cds]\w*|spot\w*|predict\w*|catch\w*|stop|stopping|"
    r"against|anti-?\w+|moderat\w*|audit\w*|analy[sz]\w*|understand|mitigat\w*|reduc\w*|screen\w*|erkenn\w*"
    r"|verhinder\w*|schutz\w*|erkennung|detecter|detection|"
    r"detectar|deteccion|rilevare|rilevamento|identificar|reconnaitre|klassifizier\w*"
    r"|prevenir)\b|检测|识别|防|検出|検知|分类"
)
# Threats that may be studied and detected, but not made.
_THREAT = (
    r"malware|ransomware|spyware|keyloggers?|trojans?|computer virus(?:es)?|\bworms?\b|botnets?|rootkits?"
    r"|exploits?\b|phishing|spam|ddos|"
    r"schadsoftware|schadprogramm\w*|logiciels? malveillants?|programas? maliciosos?|恶意软件"
    r"|病毒|マルウェア|ウイルス|deep "
    r"?fakes?|fake (?:news|reviews?|profiles?|id)|disinformation|propaganda|scams?"
)
_MAKE = (
    r"\b(?:write|writes|writing|create|creates|creating|build|builds|building|make|makes|making|generate"
    r"|generates|generating|develop|produce|spread|spreads|launch|deploy|craft|crafts|"
    r"send|sends|schreib\w*|erstell\w*|bau\w*|programmier\w*|ecris|cree|creer|escribe|crea|genera|scrivi"
    r"|escreva|crie)\b|写|制作|生成|作って|書いて"
)
_MAKES_THREAT = re.compile(
    rf"(?:{_MAKE})(?:(?!\b(?:detect\w*|classif\w*|filter|identif\w*|against|recogni\w*)\b).){{0,60}}?(?:{_THREAT})"
)
_EVADES = re.compile(
    r"\b(?:evade|evades|evading|bypass\w*|circumvent\w*|fool|fools|get past|slip past"
    r"|undetect\w*)\b.{0,40}\b(?:filters?|detect\w*|antivirus|police|security|moderation|classifiers?|airport"
    r"|scanners?)\b"
)
_HARM = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:build|make|synthesi[sz]e|produce|construct|recipe for|how to|design|optimi[sz]e|create|baue?n?"
        r"|fabriquer|construir|costruire)\b.{0,60}\b(?:pipe )?(?:bombs?|explosives?|nerve agents?|chemical "
        r"weapons?|bioweapons?|"
        r"biological weapons?|sarin|ricin|anthrax|nuclear weapons?|grenades?|poison gas|meth(?:amphetamine)?"
        r"|bomben?|bombe|bomba|sprengstoff|waffen?|armes?|armas?)\b",
        r"炸弹|化学武器|爆弾|毒ガス",
        r"\b(?:stalk\w*|spy on|spying on|track where|track (?:my|her|his|a|an)\b.{0,25}\b(?:wife|husband"
        r"|girlfriend|boyfriend|ex|partner|daughter|neighbou?r|woman|journalist)|"
        r"without (?:her|his|their|them) (?:knowing|knowledge|consent)|ohne (?:ihr|sein|deren) wissen|a son "
        r"insu|sin que (?:lo|ella|el) sepa)\b",
        r"\bdeep ?fakes?\b(?!.{0,30}\bdetect).{0,60}\b(?:of|von|de|with) (?:my|a|an|the|meine\w*|mon|ma|mi"
        r"|un[ae]?)\b(?! (?:dataset|detector|paper|classifier))",
        r"\b(?:undress|nudify|nude photos? of|face ?swap .{0,20}porn|porn)\b",
        r"\b(?:reject\w*|exclude|deny|denies|fire|refuse|disadvantage|deport|discriminat\w*|avoid hiring|not "
        r"hire|charge more|ablehn\w*|diskriminier\w*)\b.{0,60}\b(?:because of|based on|by|due to|for) (?:their "
        r"|the |his |her )?"
        r"(?:ethnic\w*|race|religion|gender|sex|sexual\w*|skin|disabilit\w*|nationality|pregnan\w*|age)\b",
        r"\b(?:black|jewish|muslim|gay|women|immigrant\w*|disabled|pregnant|older) (?:applicants?|people"
        r"|persons?|candidates?|employees?|customers?|tenants?)\b.{0,40}\b(?:reject|fire|deny|exclude|out"
        r"|lower|refuse)\w*",
        r"\b(?:who|which|whether|if|someone|people|employees|users|persons?|students)\b.{0,25}\b(?:is|are"
        r"|being) (?:gay|lesbian|homosexual|jewish|muslim|transgender|queer|pregnant)\b",
        r"\b(?:reject|deny|exclude|filter out|get rid of)\w* (?:all )?(?:black|jewish|muslim|gay|women|female"
        r"|immigrant\w*|disabled|pregnant|older)\b",
        r"\b(?:crack|steal|steals|hack|hacking|brute[- ]?force|knacken|pirater|hackear"
        r"|hackerare)\b.{0,40}\b(?:passwords?|passworter|accounts?|wi-?fi|bank\w*|credit cards?|identit\w*"
        r"|e-?mails?|instagram|facebook|phone|contrasenas?|mots? de passe)\b",
        r"\b(?:kill|murder|assassinate|poison|hurt)\b.{0,25}\b(?:someone|people|my|a person|him|her|them"
        r"|protesters|civilians|humans)\b",
        r"\b(?:autonomous|drone)\b.{0,40}\b(?:weapons?|kill\w*|shoot\w*|attack people|target (?:people|humans"
        r"|civilians))\b|\bcapable of killing\b",
        r"\b(?:child|kinder|minors?)\b.{0,20}\b(?:porn\w*|sexual|erotic|nude)",
        r"\b(?:rig|manipulate|steal) (?:an |the |our )?election|voter suppression|suppress (?:the )?vot",
        r"\b(?:money launder\w*|launder money|insider trading|fake id|counterfeit)\b(?!.{0,20}\b(?:detect|flag"
        r"|dataset))",
        r"\b(?:identify|track|recogni[sz]e|find|locate|spy on|profile) (?:the )?(?:protesters?|dissidents?"
        r"|activists|journalists?|refugees|uyghurs?|minorit\w+|whistle-?blowers?)\b",
        r"\bclon(?:e|ing) .{0,30}\bvoice|\bimpersonat\w*",
        r"\b(?:blackmail|extort|harass|bully|dox|doxx)\b",
    )
)
_STUDIED = re.compile(
    r"\b(?:fair(?:ness|ly)?|unfair\w*|counsel\w*|prevent\w*|detect\w*|protect\w*|audit\w*|check\w*|test (?:if"
    r"|whether)|whether|bias\w*|without|avoid\w*|not|never|stop|against|ohne|sans|sin)\b"
)
_INJECTION = re.compile(
    r"(?:ignore|disregard|forget|override|ignorier\w*|oublie|ignora|ignore[zr]?)\b.{0,25}\b(?:previous|prior"
    r"|above|all|earlier|your|vorherigen?|alle|precedentes?|anteriores)\b.{0,20}\b(?:instructions?|prompts?"
    r"|rules|anweisungen|consignes|instrucciones|istruzioni|instrucoes)|"
    r"(?:print|show|reveal|repeat|tell me) (?:me )?(?:your|the) (?:system |hidden |secret )?(?:prompt"
    r"|instructions)|忽略.{0,10}指令|system prompt"
)
# Plainly something else. The second list yields to any word of the trade, the first to none.
_ELSEWHERE = re.compile(
    r"\b(?:poems?|gedichte?|poemes?|poemas?|poesi[ae]|haikus?|sonnets?|limericks?|lyrics|liedtext|jokes?|witz"
    r"|witze|blague|chiste|barzelletta|piada|short story|fairy tale|love letter|"
    r"recipes?|rezepte?|recettes?|recetas?|ricett[ae]|receitas?|lasagn\w*|horoscopes?|birthday (?:card|present"
    r"|party))\b|诗|食谱|菜谱|笑话|レシピ|詩|冗談|小説|天气怎么样"
)
_ELSEWHERE_BUT = re.compile(
    r"\b(?:react|html|css|javascript|typescript|login page|web ?site|webseite|website|landing page|wordpress"
    r"|regex|sql query|bash script|c\+\+|linked list|bubble sort|quicksort|sort (?:a|the|this|my) (?:list"
    r"|array)|"
    r"todo app|an? app\b|browser extension|plugin|video game|in (?:swift|kotlin|rust|java|php|ruby|haskell)"
    r"|mobile app|android app|ios app|unit tests? for|fibonacci|fizzbuzz|"
    r"weather in|wetter in|(?:what|how)(?:'s| is| will) the weather|wie (?:ist|wird) das wetter|meteo|world "
    r"cup|weltmeister|football|fussball|capital of|hauptstadt von|capitale de|capital de|president|election "
    r"result|"
    r"book (?:me )?(?:a|the) (?:flight|hotel|table|trip|train)|flights?\b|hotel|restaurant|holiday|vacation"
    r"|urlaub|vacances|vacaciones|translate|ubersetze?|traduis|traduce|traduci|traduza|翻译|翻訳|"
    r"taxes|steuererklarung|invoice|cover letter|resume|cv for|essay|homework|e-?mail to my|letter to|mortgage"
    r"|divorce|lawyer|legal advice|medical advice|headache|kopfschmerzen|diet plan|workout|"
    r"movie|film|song|music for|gift|cook|bake|kochen|backen|cuisiner|cocinar|cucinare|cozinhar|stock tips"
    r"|should i buy|meaning of life|who (?:is|was|won|wrote|invented)|when was|wer (?:ist|war|hat)|"
    r"qui (?:est|a)|quien (?:es|fue)|printer|my car|laptop|dating|date night)\b"
)

# Wishes that begin like this, without a word of the trade, are wishes for something else.
_OTHER_WORK = re.compile(
    r"^\W*(?:write|design|draw|paint|compose|plan|book|order|buy|cook|bake|fix|repair|sing|recommend|rename"
    r"|reserve|call|send|clean|play|invent|proofread|rewrite|summari[sz]e|debug|refactor|program|code"
    r"|implement|teach me|remind me|schedule|"
    r"schreib\w*|zeichne|male|plane|buche|bestelle|kaufe|koche|repariere|ubersetze|programmiere|ecris|dessine"
    r"|reserve|commande|achete|repare|traduis|planifie|escribe|dibuja|reserva|compra|cocina|repara|planea"
    r"|scrivi|disegna|prenota|compra|"
    r"cucina|ripara|escreva|desenhe|reserve|compre|cozinhe|conserte)\b|^\W*(?:写|画|订|帮我写"
    r"|帮我订|预订)|(?:書いて|描いて|予約して)"
)


def is_other_work(plain: str) -> bool:
    """Whether a wish begins like one for another trade; to be asked only where no word of ours is there."""
    return bool(_OTHER_WORK.search(plain))


def is_harmful(plain: str) -> bool:
    """Whether the wish itself would do harm. `plain` has quoted text and file names masked."""
    if _EVADES.search(plain) and re.search(_THREAT + r"|\bweapons?\b|\bid\b", plain):
        return True
    if (made := _MAKES_THREAT.search(plain)) and not _is_defence(plain, made):
        return True
    return any(_is_harm(pattern, plain) for pattern in _HARM)


def is_injection(plain: str) -> bool:
    """Whether the words try to give the machine new orders."""
    return bool(_INJECTION.search(plain))


def is_elsewhere(plain: str, *, in_trade: bool) -> bool:
    """Whether the wish is plainly about something else; words of the trade save the doubtful ones."""
    return bool(_ELSEWHERE.search(plain)) or (not in_trade and bool(_ELSEWHERE_BUT.search(plain)))


def _is_defence(plain: str, made: re.Match[str]) -> bool:
    """ "Build a malware classifier", "create a phishing detector": the object is a defence."""
    after = plain[made.end() : made.end() + 30]
    return bool(
        re.match(
            r"[ -]+(?:\w+[ -]+){0,2}(?:detect\w*|classif\w*|filter\w*|scanner|recogni\w*|prevent\w*|defen\w*"
            r"|protect\w*|erkenn\w*|model|data\w*|famil\w*|alert)",
            after,
        )
        or _DEFENCE.search(plain[max(0, made.start() - 60) : made.start()])
        or _DEFENCE.search(made[0])
    )


def _is_harm(pattern: re.Pattern[str], plain: str) -> bool:
    match = pattern.search(plain)
    if not match:
        return False
    return not _STUDIED.search(plain[max(0, match.start() - 60) : match.start()])
