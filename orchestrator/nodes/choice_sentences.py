"""What an answer says of the choice among candidates: which was delivered, and what the paired test showed of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.measure.choice import DELIVERED, GAIN, SCORE, WEIGHED
from orchestrator.report.numbers import spell, spell_interval

SIMPLER = {
    "en": "Delivered is the simpler model {over!r}: {better!r} scored better in cross-validation ({metric} {a} against "
    "{b}), but the paired test does not show the difference of {gain} to be more than chance ({range}).",
    "de": "Geliefert wird das einfachere Modell {over!r}: {better!r} war in der Kreuzvalidierung besser ({metric} {a} "
    "gegen {b}), doch der gepaarte Test zeigt nicht, dass der Unterschied von {gain} mehr als Zufall ist ({range}).",
    "fr": "Le modèle plus simple {over!r} est livré : {better!r} fait mieux en validation croisée ({metric} {a} contre "
    "{b}), mais le test apparié ne montre pas que l'écart de {gain} dépasse le hasard ({range}).",
    "es": "Se entrega el modelo más simple {over!r}: {better!r} fue mejor en validación cruzada ({metric} {a} frente a "
    "{b}), pero la prueba pareada no muestra que la diferencia de {gain} sea más que azar ({range}).",
    "it": "Viene consegnato il modello più semplice {over!r}: {better!r} è migliore in validazione incrociata "
    "({metric} {a} contro {b}), ma il test appaiato non mostra che la differenza di {gain} sia più che caso ({range}).",
    "pt": "É entregue o modelo mais simples {over!r}: {better!r} foi melhor na validação cruzada ({metric} {a} contra "
    "{b}), mas o teste pareado não mostra que a diferença de {gain} seja mais que acaso ({range}).",
    "zh": "交付的是更简单的模型 {over!r}：{better!r} 在交叉验证中得分更好（{metric} {a} 对 {b}），"
    "但配对检验未能表明 {gain} 的差异超出偶然（{range}）。",
    "ja": "より単純なモデル {over!r} を納品します。交差検証では {better!r} の方が良いですが（{metric} {a} 対 {b}）、"
    "対応のある検定では差 {gain} が偶然を超えるとは示されません（{range}）。",
}


@dataclass(frozen=True)
class Choice:
    """The delivered candidate's score, and the gain of `better` over `over` where two were compared."""

    delivered: Evidence
    metric: str
    gain: Evidence | None = None
    better: Evidence | None = None
    over: Evidence | None = None

    @property
    def simpler(self) -> bool:
        """Whether another candidate scored better and was not delivered."""
        return self.over is not None and self.over.subject == self.delivered.subject


def choice_sentence(plan: Plan | None, evidence: tuple[Evidence, ...], language: str) -> str:
    """Where a simpler model was delivered than the best by score: both scores, the difference and its interval."""
    found = _choice(plan, evidence)
    if found is None or not found.simpler or found.gain is None:
        return ""
    between = f"95 %: {spell_interval(found.gain.interval)}" if found.gain.interval else found.gain.text
    assert found.better is not None and found.over is not None
    return SIMPLER.get(language, SIMPLER["en"]).format(
        over=found.over.subject, better=found.better.subject, metric=found.metric, a=spell(found.better.value),
        b=spell(found.over.value), gain=spell(found.gain.value), range=between,
    )  # fmt: skip


def choice_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """Which candidate was delivered and why, quoting the gain that its test was about, else its own score."""
    weighed = next((entry for entry in evidence if entry.name == WEIGHED and entry.value is not None), None)
    if weighed is not None:
        told = "In training every class counted alike; a row of the rarest weighed so many of the commonest"
        yield f"{told} ({weighed.text})", weighed
    found = _choice(plan, evidence)
    if found is None:
        return
    who = f"Delivered is {found.delivered.subject!r}"
    if found.gain is None or found.better is None or found.over is None:
        yield f"{who}: no candidate has a better {found.metric} in cross-validation; it scored there", found.delivered
        return
    pair = f"{found.metric} {spell(found.better.value)} of {found.better.subject!r} against {spell(found.over.value)}"
    between = f" (95 % interval {spell_interval(found.gain.interval)})" if found.gain.interval else ""
    if found.simpler:
        told = f"{who}, though cross-validation has {pair}: the paired test does not show the difference to be real"
    else:
        told = f"{who}: in cross-validation {pair} of {found.over.subject!r}, the closest of the simpler candidates"
    yield f"{told}; the difference is{between}", found.gain


def _choice(plan: Plan | None, evidence: tuple[Evidence, ...]) -> Choice | None:
    metric = plan.data.metric if plan and plan.data else ""
    scores = {entry.subject: entry for entry in evidence if entry.name == SCORE and entry.value is not None}
    delivered = next((entry for entry in scores.values() if entry.text.startswith(DELIVERED)), None)
    if delivered is None:
        return None
    gain = next((entry for entry in evidence if entry.name == GAIN and entry.value is not None), None)
    better, _, over = gain.subject.partition(" over ") if gain else ("", "", "")
    if gain is None or better not in scores or over not in scores:
        return Choice(delivered, metric)
    return Choice(delivered, metric, gain, scores[better], scores[over])
