"""What the planner says to a user, in the language of the request."""

from __future__ import annotations

from orchestrator.core.request import Route

_REPLIES: dict[str, dict[str, str]] = {
    "en": {
        "file": "Which file holds the data? Name it in the request (`Predict price in houses.csv`) or pass it with "
        "--data.",
        "target": "Which column should be predicted?",
        "equation": "Which equation should be solved? For example: the heat equation with diffusivity 0.1, "
        "or `u_t = 0.1 "
        "u_xx - u`.",
        "wish": "What should be done with {files}? For example: predict one of its columns (which one?).",
        "wish_open": "What should be learned or solved, and from which data? For example: `Predict price in "
        "houses.csv`, or "
        "`Train a PINN to solve the heat equation`.",
        "url": "Nothing is fetched from the network: please download {files} and name the local file.",
        "outside": "Sorry, this lies outside machine learning, so I cannot help with it.",
        "harmful": "Sorry, I cannot help with this, because it could harm people.",
        "later": "`{route}` is not available yet. The nearest thing that is: {nearest}.",
    },
    "de": {
        "file": "In welcher Datei stehen die Daten? Bitte im Auftrag nennen (`Vorhersage von preis in haeuser.csv`) "
        "oder mit --data übergeben.",
        "target": "Welche Spalte soll vorhergesagt werden?",
        "equation": "Welche Gleichung soll gelöst werden? Zum Beispiel: die Wärmeleitungsgleichung mit "
        "Diffusivität 0,1 "
        "oder `u_t = 0.1 u_xx - u`.",
        "wish": "Was soll mit {files} geschehen? Zum Beispiel: eine Spalte vorhersagen (welche?).",
        "wish_open": "Was soll gelernt oder gelöst werden, und aus welchen Daten? Zum Beispiel: `Vorhersage "
        "von preis in "
        "haeuser.csv` oder `Trainiere ein PINN für die Wärmeleitungsgleichung`.",
        "url": "Aus dem Netz wird nichts geladen: Bitte {files} herunterladen und die lokale Datei nennen.",
        "outside": "Das liegt leider außerhalb des maschinellen Lernens, dabei kann ich nicht helfen.",
        "harmful": "Dabei kann ich leider nicht helfen, weil es Menschen schaden könnte.",
        "later": "`{route}` gibt es noch nicht. Am nächsten kommt: {nearest}.",
    },
    "fr": {
        "file": "Quel fichier contient les données ? Nommez-le dans la demande (`Prédis prix dans maisons.csv`) ou "
        "donnez-le avec --data.",
        "target": "Quelle colonne faut-il prédire ?",
        "equation": "Quelle équation faut-il résoudre ? Par exemple : l'équation de la chaleur avec une diffusivité de "
        "0,1, ou `u_t = 0.1 u_xx - u`.",
        "wish": "Que faut-il faire de {files} ? Par exemple : prédire une de ses colonnes (laquelle ?).",
        "wish_open": "Que faut-il apprendre ou résoudre, et avec quelles données ? Par exemple : `Prédis prix dans "
        "maisons.csv` ou `Entraîne un PINN pour l'équation de la chaleur`.",
        "url": "Rien n'est téléchargé du réseau : téléchargez {files} et nommez le fichier local.",
        "outside": "Désolé, cette demande sort de l'apprentissage automatique, je ne peux pas y répondre.",
        "harmful": "Désolé, je ne peux pas aider à cela, car cela pourrait nuire à des personnes.",
        "later": "`{route}` n'est pas encore disponible. Le plus proche : {nearest}.",
    },
    "es": {
        "file": "¿Qué archivo contiene los datos? Nómbrelo en la petición (`Predice precio en casas.csv`) o páselo con "
        "--data.",
        "target": "¿Qué columna hay que predecir?",
        "equation": "¿Qué ecuación hay que resolver? Por ejemplo: la ecuación del calor con difusividad 0,1, "
        "o `u_t = 0.1 "
        "u_xx - u`.",
        "wish": "¿Qué hay que hacer con {files}? Por ejemplo: predecir una de sus columnas (¿cuál?).",
        "wish_open": "¿Qué hay que aprender o resolver, y con qué datos? Por ejemplo: `Predice precio en casas.csv` o "
        "`Entrena una PINN para la ecuación del calor`.",
        "url": "No se descarga nada de la red: descargue {files} y nombre el archivo local.",
        "outside": "Lo siento, esto queda fuera del aprendizaje automático y no puedo ayudar con ello.",
        "harmful": "Lo siento, no puedo ayudar con esto porque podría dañar a personas.",
        "later": "`{route}` aún no está disponible. Lo más parecido: {nearest}.",
    },
    "it": {
        "file": "Quale file contiene i dati? Indicarlo nella richiesta (`Prevedi prezzo in case.csv`) o passarlo con "
        "--data.",
        "target": "Quale colonna va prevista?",
        "equation": "Quale equazione va risolta? Per esempio: l'equazione del calore con diffusività 0,1, "
        "oppure `u_t = "
        "0.1 u_xx - u`.",
        "wish": "Che cosa va fatto con {files}? Per esempio: prevedere una delle sue colonne (quale?).",
        "wish_open": "Che cosa va appreso o risolto, e con quali dati? Per esempio: `Prevedi prezzo in case.csv` o "
        "`Addestra una PINN per l'equazione del calore`.",
        "url": "Nulla viene scaricato dalla rete: scaricare {files} e indicare il file locale.",
        "outside": "Mi dispiace, questo non riguarda l'apprendimento automatico e non posso aiutare.",
        "harmful": "Mi dispiace, non posso aiutare in questo perché potrebbe nuocere a delle persone.",
        "later": "`{route}` non è ancora disponibile. La cosa più vicina: {nearest}.",
    },
    "pt": {
        "file": "Que arquivo contém os dados? Indique-o no pedido (`Preveja preço em casas.csv`) ou "
        "passe-o com --data.",
        "target": "Que coluna deve ser prevista?",
        "equation": "Que equação deve ser resolvida? Por exemplo: a equação do calor com difusividade 0,1, "
        "ou `u_t = 0.1 "
        "u_xx - u`.",
        "wish": "O que deve ser feito com {files}? Por exemplo: prever uma das colunas (qual?).",
        "wish_open": "O que deve ser aprendido ou resolvido, e com que dados? Por exemplo: `Preveja preço em "
        "casas.csv` ou "
        "`Treine uma PINN para a equação do calor`.",
        "url": "Nada é baixado da rede: baixe {files} e indique o arquivo local.",
        "outside": "Desculpe, isto está fora do aprendizado de máquina e não posso ajudar.",
        "harmful": "Desculpe, não posso ajudar com isto porque poderia prejudicar pessoas.",
        "later": "`{route}` ainda não está disponível. O mais próximo: {nearest}.",
    },
    "zh": {
        "file": "数据在哪个文件里？请在请求中写出文件名（例如“预测 houses.csv 中的 price 列”），或用 --data 给出。",
        "target": "要预测哪一列？",
        "equation": "要求解哪个方程？例如：扩散系数为 0.1 的热传导方程，或 `u_t = 0.1 u_xx - u`。",
        "wish": "要对 {files} 做什么？例如：预测其中的一列（哪一列？）。",
        "wish_open": "要学习或求解什么，用什么数据？例如：“预测 houses.csv 中的 price "
        "列”，或“训练一个PINN求解热传导方程”。",
        "url": "这里不会从网络下载任何内容：请先下载 {files}，再写出本地文件名。",
        "outside": "抱歉，这不属于机器学习的范围，我无法帮忙。",
        "harmful": "抱歉，这可能会伤害他人，我不能帮忙。",
        "later": "`{route}` 目前还不可用。最接近的是：{nearest}。",
    },
    "ja": {
        "file": "データはどのファイルにありますか。依頼文にファイル名を書くか（例：「houses.csvのpriceを"
        "予測して」）、--data で渡してください。",
        "target": "どの列を予測しますか。",
        "equation": "どの方程式を解きますか。例：拡散係数 0.1 の熱方程式、または `u_t = 0.1 u_xx - u`。",
        "wish": "{files} をどうしますか。例：そのうちの一列を予測する（どの列ですか）。",
        "wish_open": "何を学習または解きたいですか。データは何ですか。例：「houses.csvのpriceを予測して」「熱"
        "方程式を解くPINNを訓練して」。",
        "url": "ネットワークからは何も取得しません。{files} をダウンロードして、手元のファイル名を書いてください。",
        "outside": "申し訳ありませんが、これは機械学習の範囲外のため、お手伝いできません。",
        "harmful": "申し訳ありませんが、人に害を与えるおそれがあるため、お手伝いできません。",
        "later": "`{route}` はまだ利用できません。最も近いもの：{nearest}。",
    },
}

# Routes whose skill comes later, with the nearest thing that is there (names and commands: not translated).
NEAREST: dict[Route, str] = {
    Route.OPERATOR: 'train/pinn for one instance of the problem: `mlexpert run "Train a PINN to solve the heat '
    'equation"`',
    Route.RESEARCH: 'explain, from the framework\'s tables: `mlexpert run "PINN or neural operator?"`',
}


def say(key: str, language: str, **words: str) -> str:
    """The reply `key` in `language` (English where it is missing), with its gaps filled."""
    template = _REPLIES.get(language, _REPLIES["en"])[key]
    for name, value in words.items():
        template = template.replace("{" + name + "}", value)
    return template


def languages() -> tuple[str, ...]:
    return tuple(_REPLIES)


def keys() -> tuple[str, ...]:
    return tuple(_REPLIES["en"])
