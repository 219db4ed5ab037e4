"""What an answer's first sentences say, in the languages that requests are read in."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.report.result import Kind, Rival


@dataclass(frozen=True)
class Phrases:
    """One language. `results` take {of}, {metric}, {n}, {value} and {range}; what stands in braces is filled in.

    `results` name what was measured, `unnamed` is the problem without a name, `rivals` say whose the compared
    numbers are, `against` adds them, `then` parts one statement from the next.
    """

    validated: str
    every: str
    not_validated: str
    undone: str
    open_boxes: str
    results: dict[Kind, str]
    unnamed: str
    rivals: dict[Rival, str]
    against: str
    join: str
    interval: str
    limit: str
    then: str = "; "


PHRASES: dict[str, Phrases] = {
    "en": Phrases(
        validated="Validated: {what}.",
        every="every claim is measured and every required check passed",
        not_validated="Not validated, because {why}.",
        undone="Not done, since no skill for it is there yet: {what}.",
        open_boxes="The boxes were plain processes: nothing was isolated, and test labels were sealed by "
        "convention only.",
        results={
            "error": "the network's relative L2 error for {of} is {value}{range}",
            "score": "{metric} for {of} on {n} sealed rows is {value}{range}",
            "coefficient": "{of} is {value}{range}",
            "solution": "the solution's relative L2 error for {of} is {value}{range}",
            "solved_again": "samples of {of} that were solved again differ by {value} in relative L2{range}",
            "refined": "the worst of {n} samples of {of} changes by {value} in relative L2 from half its grid{range}",
            "speed": "its throughput is {value} times that of {of}{range}",
        },
        unnamed="this problem",
        rivals={
            "data_only": "{value} without the equation", "classical": "{value} of a classical solver at equal cost",
            "constant": "{value} of a constant guess", "fit": "{value} of a classical fit",
            "naive": "{value} of the best forecast without a model",
        },
        against=", against {rivals}", join=" and ",
        interval=" (95 % interval {low} to {high})", limit=" (at most {limit} is allowed)",
    ),
    "de": Phrases(
        validated="Validiert: {what}.",
        every="jede Aussage ist gemessen und jede verlangte Prüfung bestanden",
        not_validated="Nicht validiert, denn {why}.",
        undone="Nicht erledigt, weil es dafür noch keinen Skill gibt: {what}.",
        open_boxes="Die Boxen waren einfache Prozesse: nichts war isoliert, Testlabels waren nur durch "
        "Konvention versiegelt.",
        results={
            "error": "der relative L2-Fehler des Netzes für {of} ist {value}{range}",
            "score": "{metric} für {of} auf {n} versiegelten Zeilen ist {value}{range}",
            "coefficient": "{of} ist {value}{range}",
            "solution": "der relative L2-Fehler der Lösung für {of} ist {value}{range}",
            "solved_again": "nochmals gelöste Beispiele von {of} weichen relativ (L2) um {value} ab{range}",
            "refined": "das schlechteste von {n} Beispielen von {of} weicht um {value} (L2) vom halben Netz ab{range}",
            "speed": "der Durchsatz ist das {value}-Fache von {of}{range}",
        },
        unnamed="dieses Problem",
        rivals={
            "data_only": "{value} ohne die Gleichung", "classical": "{value} eines klassischen Lösers zum selben Preis",
            "constant": "{value} bei konstantem Raten", "fit": "{value} einer klassischen Anpassung",
            "naive": "{value} der besten Prognose ohne Modell",
        },
        against=", gegenüber {rivals}", join=" und ",
        interval=" (95-%-Intervall {low} bis {high})", limit=" (höchstens {limit} ist erlaubt)",
    ),
    "fr": Phrases(
        validated="Validé : {what}.",
        every="chaque affirmation est mesurée et chaque contrôle requis est réussi",
        not_validated="Non validé, car {why}.",
        undone="Non fait, faute de compétence disponible : {what}.",
        open_boxes="Les boîtes étaient de simples processus : rien n'était isolé, les étiquettes scellées par "
        "convention.",
        results={
            "error": "l'erreur L2 relative du réseau pour {of} est {value}{range}",
            "score": "{metric} pour {of} sur {n} lignes scellées vaut {value}{range}",
            "coefficient": "{of} vaut {value}{range}",
            "solution": "l'erreur L2 relative de la solution pour {of} est {value}{range}",
            "solved_again": "les exemples de {of} résolus de nouveau diffèrent de {value} en L2 relatif{range}",
            "refined": "le pire des {n} exemples de {of} change de {value} (L2) depuis la moitié de sa grille{range}",
            "speed": "son débit vaut {value} fois celui de {of}{range}",
        },
        unnamed="ce problème",
        rivals={
            "data_only": "{value} sans l'équation", "classical": "{value} pour un solveur classique à coût égal",
            "constant": "{value} pour une prédiction constante", "fit": "{value} pour un ajustement classique",
            "naive": "{value} pour la meilleure prévision sans modèle",
        },
        against=", contre {rivals}", join=" et ",
        interval=" (intervalle à 95 % : {low} à {high})", limit=" (au plus {limit} est permis)",
    ),
    "es": Phrases(
        validated="Validado: {what}.",
        every="cada afirmación está medida y cada comprobación exigida se ha superado",
        not_validated="No validado, porque {why}.",
        undone="No hecho, pues aún no hay una habilidad para ello: {what}.",
        open_boxes="Las cajas eran procesos simples: nada estaba aislado y las etiquetas se sellaron solo por "
        "convención.",
        results={
            "error": "el error L2 relativo de la red para {of} es {value}{range}",
            "score": "{metric} para {of} en {n} filas selladas es {value}{range}",
            "coefficient": "{of} es {value}{range}",
            "solution": "el error L2 relativo de la solución para {of} es {value}{range}",
            "solved_again": "las muestras de {of} resueltas de nuevo difieren en {value} en L2 relativo{range}",
            "refined": "la peor de {n} muestras de {of} cambia {value} (L2) desde la mitad de su malla{range}",
            "speed": "su rendimiento es {value} veces el de {of}{range}",
        },
        unnamed="este problema",
        rivals={
            "data_only": "{value} sin la ecuación", "classical": "{value} de un método clásico de igual coste",
            "constant": "{value} de una predicción constante", "fit": "{value} de un ajuste clásico",
            "naive": "{value} de la mejor previsión sin modelo",
        },
        against=", frente a {rivals}", join=" y ",
        interval=" (intervalo del 95 %: {low} a {high})", limit=" (se permite como máximo {limit})",
    ),
    "it": Phrases(
        validated="Validato: {what}.",
        every="ogni affermazione è misurata e ogni controllo richiesto è superato",
        not_validated="Non validato, perché {why}.",
        undone="Non fatto, perché non c'è ancora una competenza: {what}.",
        open_boxes="I box erano semplici processi: nulla era isolato e le etichette erano sigillate solo per "
        "convenzione.",
        results={
            "error": "l'errore L2 relativo della rete per {of} è {value}{range}",
            "score": "{metric} per {of} su {n} righe sigillate è {value}{range}",
            "coefficient": "{of} è {value}{range}",
            "solution": "l'errore L2 relativo della soluzione per {of} è {value}{range}",
            "solved_again": "i campioni di {of} risolti di nuovo differiscono di {value} in L2 relativo{range}",
            "refined": "il peggiore di {n} campioni di {of} cambia di {value} (L2) da metà della sua griglia{range}",
            "speed": "la sua velocità è {value} volte quella di {of}{range}",
        },
        unnamed="questo problema",
        rivals={
            "data_only": "{value} senza l'equazione", "classical": "{value} di un metodo classico a pari costo",
            "constant": "{value} di una previsione costante", "fit": "{value} di un adattamento classico",
            "naive": "{value} della migliore previsione senza modello",
        },
        against=", contro {rivals}", join=" e ",
        interval=" (intervallo al 95 %: da {low} a {high})", limit=" (è ammesso al massimo {limit})",
    ),
    "pt": Phrases(
        validated="Validado: {what}.",
        every="cada afirmação foi medida e cada verificação exigida foi aprovada",
        not_validated="Não validado, porque {why}.",
        undone="Não feito, pois ainda não há uma competência para isso: {what}.",
        open_boxes="As caixas eram processos simples: nada estava isolado e os rótulos foram selados apenas por "
        "convenção.",
        results={
            "error": "o erro L2 relativo da rede para {of} é {value}{range}",
            "score": "{metric} para {of} em {n} linhas seladas é {value}{range}",
            "coefficient": "{of} é {value}{range}",
            "solution": "o erro L2 relativo da solução para {of} é {value}{range}",
            "solved_again": "as amostras de {of} resolvidas de novo diferem em {value} em L2 relativo{range}",
            "refined": "a pior de {n} amostras de {of} muda {value} em L2 relativo desde metade da sua malha{range}",
            "speed": "o seu débito é {value} vezes o de {of}{range}",
        },
        unnamed="este problema",
        rivals={
            "data_only": "{value} sem a equação", "classical": "{value} de um método clássico de igual custo",
            "constant": "{value} de um palpite constante", "fit": "{value} de um ajuste clássico",
            "naive": "{value} da melhor previsão sem modelo",
        },
        against=", contra {rivals}", join=" e ",
        interval=" (intervalo de 95 %: {low} a {high})", limit=" (no máximo {limit} é permitido)",
    ),
    "zh": Phrases(
        validated="已验证：{what}。",
        every="每项结论都有测量依据，所有必需检查均已通过",
        not_validated="未通过验证，原因：{why}。",
        undone="未完成，因为尚无相应技能：{what}。",
        open_boxes="本次使用普通进程运行：没有隔离，测试标签仅按约定封存。",
        results={
            "error": "网络在{of}上的相对 L2 误差为 {value}{range}",
            "score": "{of} 在 {n} 行封存数据上的 {metric} 为 {value}{range}",
            "coefficient": "{of} 为 {value}{range}",
            "solution": "{of}的解的相对 L2 误差为 {value}{range}",
            "solved_again": "{of}中重新求解的样本相对 L2 差异为 {value}{range}",
            "refined": "{of}的 {n} 个样本中最差者与半网格解的相对 L2 变化为 {value}{range}",
            "speed": "其吞吐量是 {of} 的 {value} 倍{range}",
        },
        unnamed="该问题",
        rivals={
            "data_only": "不用方程时为 {value}", "classical": "同等代价的经典解法为 {value}",
            "constant": "恒定猜测为 {value}", "fit": "经典拟合为 {value}",
            "naive": "无模型的最佳预测为 {value}",
        },
        against="，相比之下{rivals}", join="，",
        interval="（95 % 区间 {low} 至 {high}）", limit="（允许至多 {limit}）", then="；",
    ),
    "ja": Phrases(
        validated="検証済み：{what}。",
        every="すべての主張は測定され、必要な検査はすべて合格しました",
        not_validated="検証できませんでした。理由：{why}。",
        undone="対応する機能がまだないため未実施：{what}。",
        open_boxes="通常のプロセスで実行しました。隔離はなく、テストラベルの封印は取り決めによるものです。",
        results={
            "error": "{of}に対するネットワークの相対 L2 誤差は {value}{range}",
            "score": "封印した {n} 行での {of} の {metric} は {value}{range}",
            "coefficient": "{of} は {value}{range}",
            "solution": "{of}の解の相対 L2 誤差は {value}{range}",
            "solved_again": "{of}の標本を解き直した結果との相対 L2 差は {value}{range}",
            "refined": "{of}の {n} 標本のうち最悪のものは半分の格子から相対 L2 で {value} 変化します{range}",
            "speed": "スループットは {of} の {value} 倍{range}",
        },
        unnamed="この問題",
        rivals={
            "data_only": "方程式なしでは {value}", "classical": "同じ計算量の古典的解法では {value}",
            "constant": "定数予測では {value}", "fit": "古典的な当てはめでは {value}",
            "naive": "モデルなしの最良の予測では {value}",
        },
        against="、比較対象は{rivals}", join="、",
        interval="（95 % 区間 {low}～{high}）", limit="（許容は最大 {limit}）", then="。",
    ),
}  # fmt: skip
