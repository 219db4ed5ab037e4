"""Forgives typing errors: a word one or two edits away from a word of the trade becomes that word."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from orchestrator.planners.rules.text import Reading


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS = _words("""train training trained predict predicts prediction predicting classify classifier
    classification regression
    regressor forecast forecasting physics informed neural network networks equation equations diffusion advection
    reaction solve solving simulate simulation simulating numerical finite difference differences reference solution
    hyperparameter hyperparameters hyperparam optimise optimize optuna sweep search trials tuning evaluate evaluation
    confusion matrix metrics performance compare benchmark deploy deployment docker dockerfile fastapi container
    service endpoint kubernetes inference literature review survey papers research citations transformer convolutional
    recurrent images sentiment embedding autoencoder operator operators fourier deeponet gradient boosting xgboost
    lightgbm random forest column target label learning epochs iterations batch initial boundary condition conditions
    dirichlet neumann periodic insulated tolerance resolution diffusivity validation leakage cross explain recipe
    against accuracy precision recall baseline stratified shuffle shuffling cluster clustering dataset detect detection
    trainiere vorhersage bewerte entraine evalue entrena evalua addestra valuta waermeleitung""")
# Right words that lie close to a word above; they stay as they are.
KEEP = _words("""trailing trains trainer drain solver solved solves models modes papers paper service services
    searches searched
    researcher label labels labeled images image detects detected detector defect target targets shuffled forests
    random rando classes explains explained deployed deploys forecasts evaluated evaluates evaluator compared compares
    operation operations cluster clusters recipes reviews reviewed surveys predicted predictor predictors predictive
    classified classifiers container containers metric boost boosted learn learned learner network physical physicist
    simulated simulates simulator references solutions epoch iteration condition operators tuned transform transforms
    transformers convolution recurrence batches initially boundaries validated validate precise reaction reactions
    reactor fractions traction action actions auction trail trails brain strain terrain against again
    dataset datasets endpoints inferences differential difference different indifferent literate periodical gradients
    ecuacion equacao equazione equazioni equacoes ecuaciones informada informado informadas informate informe informee
    optimised optimized optimiser optimizer optimum initials physicist sentiments recalls""")
_TOKEN = re.compile(r"[a-z]{4,}")


def corrected(reading: Reading) -> Reading:
    """The reading with near misses mended; quoted parts, file names and other words stay as they are."""
    raw: list[str] = []
    plain: list[str] = []
    moves: list[tuple[int, int]] = []  # (position, how much longer the text before it became)
    last = shift = 0
    for match in _TOKEN.finditer(reading.plain):
        word = _nearest(match[0])
        if word != match[0]:
            raw += [reading.raw[last : match.start()], word]
            plain += [reading.plain[last : match.start()], word]
            last = match.end()
            shift += len(word) - len(match[0])
            moves.append((last, shift))
    if not moves:
        return reading
    raw.append(reading.raw[last:])
    plain.append(reading.plain[last:])
    spans = tuple(replace(span, start=_moved(span.start, moves), end=_moved(span.end, moves)) for span in reading.spans)
    return Reading(raw="".join(raw), plain="".join(plain), spans=spans)


def distance(left: str, right: str, limit: int) -> int:
    """Edits between two words (insert, delete, replace, swap of neighbours), or `limit + 1`."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, last = last, row
    return last[-1]


def nearest(word: str, choices: tuple[str, ...]) -> str | None:
    """The choice closest to `word` if it is close enough to be meant, for "did you mean"."""
    limit = max(1, len(word) // 3)
    ranked = sorted((distance(word.lower(), choice.lower(), limit), choice) for choice in choices)
    return ranked[0][1] if ranked and ranked[0][0] <= limit else None


def _moved(position: int, moves: list[tuple[int, int]]) -> int:
    return position + next((shift for at, shift in reversed(moves) if at <= position), 0)


@lru_cache(maxsize=8192)
def _nearest(word: str) -> str:
    if word in WORDS or word in KEEP or len(word) < 5:
        return word
    limit = 1 if len(word) < 8 else 2
    near = [
        (distance(word, known, limit), known)
        for known in WORDS
        if known[0] == word[0] and len(known) >= 5 and abs(len(known) - len(word)) <= limit
    ]
    close = sorted(pair for pair in near if pair[0] <= limit)
    return close[0][1] if close else word
