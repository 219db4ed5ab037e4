"""The sentences of an answer. Each quotes the value of evidence; there is no other way to a number."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.answer import AnswerClaim
from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.report.intervals import interval_words

WORST_SAMPLE = (
    "Relative L2 change of the data set's worst sample from half its grid; the file's own error_estimate is another "
    "number: the solver's estimate of what its finest grid still lacks"
)

# language -> (validated, not validated, not done yet)
_HEADLINES: dict[str, tuple[str, str, str]] = {
    "en": ("Validated: every claim is measured and every required check passed.",
           "Not validated, because {why}.", "Not done, since no skill for it is there yet: {what}."),
    "de": ("Validiert: Jede Aussage ist gemessen und jede verlangte Prüfung bestanden.",
           "Nicht validiert, denn {why}.", "Nicht erledigt, weil es dafür noch keinen Skill gibt: {what}."),
    "fr": ("Validé : chaque affirmation est mesurée et chaque contrôle requis est réussi.",
           "Non validé, car {why}.", "Non fait, faute de compétence disponible : {what}."),
    "es": ("Validado: cada afirmación está medida y cada comprobación exigida se ha superado.",
           "No validado, porque {why}.", "No hecho, pues aún no hay una habilidad para ello: {what}."),
    "it": ("Validato: ogni affermazione è misurata e ogni controllo richiesto è superato.",
           "Non validato, perché {why}.", "Non fatto, perché non c'è ancora una competenza: {what}."),
    "pt": ("Validado: cada afirmação foi medida e cada verificação exigida foi aprovada.",
           "Não validado, porque {why}.", "Não feito, pois ainda não há uma competência para isso: {what}."),
    "zh": ("已验证：每项结论都有测量依据，所有必需检查均已通过。",
           "未通过验证，原因：{why}。", "未完成，因为尚无相应技能：{what}。"),
    "ja": ("検証済み：すべての主張は測定され、必要な検査はすべて合格しました。", "検証できませんでした。理由：{why}。",
           "対応する機能がまだないため未実施：{what}。"),
}  # fmt: skip


_OPEN_BOXES: dict[str, str] = {
    "en": "The boxes were plain processes: nothing was isolated, and test labels were sealed by convention only.",
    "de": "Die Boxen waren einfache Prozesse: nichts war isoliert, Testlabels waren nur durch Konvention versiegelt.",
    "fr": "Les boîtes étaient de simples processus : rien n'était isolé, les étiquettes scellées par convention.",
    "es": "Las cajas eran procesos simples: nada estaba aislado y las etiquetas se sellaron solo por convención.",
    "it": "I box erano semplici processi: nulla era isolato e le etichette erano sigillate solo per convenzione.",
    "pt": "As caixas eram processos simples: nada estava isolado e os rótulos foram selados apenas por convenção.",
    "zh": "本次使用普通进程运行：没有隔离，测试标签仅按约定封存。",
    "ja": "通常のプロセスで実行しました。隔離はなく、テストラベルの封印は取り決めによるものです。",
}


def headline(
    status: str, verdicts: tuple[Verdict, ...], undone: tuple[str, ...], open_boxes: bool, language: str
) -> str:
    """The first sentences of the answer, in the request's language; reasons stay in the words of the checks."""
    known = language if language in _HEADLINES else "en"
    good, bad, left = _HEADLINES[known]
    reasons = [f"{v.id}: {v.reason}" for v in verdicts if v.verdict in ("failed", "unknown")]
    first = good if status == "validated" else bad.format(why="; ".join(reasons) or "nothing could be measured")
    parts = (
        "" if status == "planned" else first,
        _OPEN_BOXES[known] if open_boxes else "",
        left.format(what=", ".join(undone)) if undone else "",
    )
    return " ".join(part for part in parts if part)


def claims_of(plan: Plan, evidence: tuple[Evidence, ...]) -> tuple[AnswerClaim, ...]:
    """What the answer claims: one sentence for each measured number that the route is about."""
    wanted = _table_claims(plan, evidence) if plan.route is Route.TABULAR else _field_claims(plan, evidence)
    return tuple(
        AnswerClaim(text=text, value=entry.value, unit=entry.unit, evidence=(entry.id,))
        for text, entry in wanted
        if entry.value is not None
    )


def _field_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    name = str((plan.problem or {}).get("name", "the problem"))
    reference = {("reference_error", "reference"): f"The reference solution's own relative L2 error for {name}"}
    own = {
        ("relative_l2", "delivered"): f"Relative L2 error of the network for {name} on points that the judge drew",
        ("max_error", "delivered"): "Largest absolute error of the network on those points",
        ("relative_l2", "data_only"): "Baseline: the same widths fitted without the equation, relative L2 error",
        ("relative_l2", "classical"): "Baseline: a classical solver at equal cost, relative L2 error",
        ("residual", "delivered"): "Relative residual of the equations at the judge's points",
        ("initial_error", "delivered"): "Largest miss of the initial conditions, relative",
        ("boundary_error", "delivered"): "Largest miss of the boundary conditions, relative",
        ("observations_chi2", "delivered"): "Mean squared misfit of held-out observations, in units of their noise",
        ("dataset_difference", "dataset"): (
            "Relative L2 difference of the data set's samples that the judge solved again, the worst of them"
        ),
        ("dataset_error", "dataset"): WORST_SAMPLE,
        ("truth_error", "truth"): "Relative L2 error of the truth itself",
    }
    if (plan.problem or {}).get("unknown"):
        own[("relative_l2", "delivered")] = f"Relative L2 distance of the network for {name} from the classical fit"
        own[("truth_error", "truth")] = (
            "The classical fit's own relative L2 error by refinement, its coefficients aside"
        )
    sentences = (reference | own) if plan.route is Route.SIMULATE else (own | reference)
    for (kind, subject), text in sentences.items():
        for entry in evidence:
            if entry.name == kind and entry.subject == subject:
                yield f"{text}{_range(entry)}", entry
    for entry in evidence:
        if entry.name.startswith("posterior."):
            who = {"delivered": "training", "reference": "a classical fit"}.get(entry.subject, entry.subject)
            yield f"{entry.name.removeprefix('posterior.')}, found by {who}{_range(entry)}", entry
        elif entry.name == "speedup":
            yield f"Throughput of the quick model over that of {entry.subject.removeprefix('delivered vs ')}", entry
        elif entry.name.startswith("law.") and entry.subject == "delivered" and entry.bound is not None:
            law = entry.name.removeprefix("law.").replace("_", " ")
            yield f"Largest miss of the law of {law}, relative; {entry.bound:.3g} is allowed{_range(entry)}", entry


def _table_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    metric = plan.data.metric if plan.data else ""
    target = plan.data.target if plan.data else ""
    for entry in evidence:
        if entry.name == metric and entry.subject == "delivered":
            yield (
                f"Held-out {metric} of the delivered model for {target!r} on {entry.n} sealed rows{_range(entry)}",
                entry,
            )
        elif entry.name == metric and entry.subject == "constant":
            yield f"Baseline: a constant guess made by the host, {metric} on the same rows{_range(entry)}", entry
        elif entry.name == metric:
            yield f"Held-out {metric} of the candidate {entry.subject!r} on the same rows{_range(entry)}", entry
        elif entry.name == "coverage" and entry.subject == "delivered":
            yield f"Share of sealed rows inside the delivered 90 % prediction intervals{_range(entry)}", entry


def _range(entry: Evidence) -> str:
    words = interval_words(entry)
    return f" ({words})" if words else ""
