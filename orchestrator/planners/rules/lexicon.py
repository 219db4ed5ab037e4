"""The words that speak for each route, weighted, in eight languages (accents and case folded away).

Heuristic: the weights were set by hand on the development half of the corpus of requests.
"""

from __future__ import annotations

import re

from orchestrator.core.request import Route

_CUES: dict[Route, tuple[tuple[float, str], ...]] = {
    Route.PINN: (
        (7, r"\bpinns?\b|pinn(?=[^a-z]|$)|physics?[- ](?:informed|constrained|based (?:neural|network|net|loss))"),
        (
            7,
            r"physik(?:alisch)?[- ]?informiert\w*|informe\w* par la physique|informad\w+ (?:por|pela|por la"
            r"|con) (?:la )?fisica|basat\w+ sulla fisica",
        ),
        (7, r"informat\w+ dalla fisica|物理信息|物理情報|物理約束|物理约束|deepxde"),
        (5, r"(?:physics|residual|pde)[^.]{0,20} (?:in|as) (?:the|a) loss|physics loss|collocation"),
        (
            4,
            r"(?:neural|network|\bnet\b|neuronal\w*|neurone\w*|神经网络)(?=.*(?:equation|pde|gleichung|u_t"
            r"|ecuacion|equazione|方程))",
        ),
        (3, r"(?:equation|pde|gleichung|ecuacion|equazione|方程).{0,60}(?:neural|network|netz|神经网络|ニューラル)"),
    ),
    Route.OPERATOR: (
        (
            10,
            r"\bu?fnos?\b|fourier[- ](?:neural[- ])?operator|deep[- ]?o[- ]?nets?|neural[- "
            r"]operators?|operator[- ]learning",
        ),
        (
            10,
            r"neuronale\w* operator\w*|operateurs? neurona\w+|operador\w* neurona\w+|operator\w* neural\w+"
            r"|神经算子|傅里叶神经|算子学习|ニューラルオペレータ\w*|作用素学習",
        ),
        (
            5,
            r"differentiable surrogate|surrogate (?:model )?(?:of|for) (?:our |the |a |my )?(?:cfd|solver"
            r"|simulation|pde|simulator)|solution operator",
        ),
        (
            4,
            r"operator networks?|maps? .{0,40}\bfields? to .{0,30}\bfields?|maps? (?:the )?(?:initial|boundary"
            r"|coefficient|input) \w+ to (?:the )?(?:solution|output)",
        ),
    ),
    Route.DEEP: (
        (
            6,
            r"\b(?:cnns?|convnets?|resnets?\d*|resnet-?\d+|efficientnets?|vits?|unets?|u-net|yolo\w*|berts?"
            r"|roberta|gpt\w*|llms?|lstms?|grus?|rnns?|gnns?|gcns?|gats?|mpnns?|vaes?|gans?|autoencoders?"
            r"|tabnet|mamba)\b",
        ),
        (
            6,
            r"resnet|convolution\w*|convoluc\w+|convolut\w+|faltungs\w*|kunstliche[sn]? neuronale[sn]?"
            r"|transformers?\b|vision transformer|recurrent|graph (?:neural|convolution|attention|transformer)",
        ),
        (6, r"fine[- ]?tun\w+|feinabstimm\w*|微调|ファインチューニング|transfer[- ]learning|pretrained|pre-trained"),
        (
            5,
            r"\b(?:images?|photos?|photographs?|pictures?|x-?rays?|mri|ct scans?|videos?|audio|speech "
            r"(?:recognition|to text|synthesis)|satellite|pixels?|bilder\w*|fotos?|imagenes|immagini|imagens"
            r"|mnist|cifar\w*|imagenet)\b|图像|图片|画像|音声",
        ),
        (
            4,
            r"sequence[- ]to[- ]sequence|seq2seq|deep (?:learning|neural|network|net)|reseaux? "
            r"de neurones|red(?:es)? neurona\w+|rete neurale"
            r"|redes? neura\w+|neuronale[sn]? netz\w*|深度学习|深層学習|\bdiffusion models?\b|generative|speech "
            r"(?:recognition|model)|object detect\w+|segmentation|language model",
        ),
        (3, r"neural net\w*|\bmlp\b|sentiment|tokens?\b|lightning|神经网络|ニューラルネット"),
    ),
    Route.TABULAR: (
        (
            4,
            r"\bpredict\w*|\bforecast\w*|\bregress\w*|\bclassif\w*|\bsage? .{0,60}\b(?:voraus|vorher)\b"
            r"|vorhersag\w*|prognos\w*|klassifizier\w*|\bpredis\b|predire|prevois|predi[cz]\w*|previsao|prever"
            r"|preveja|preved\w*|previsione|\bclasifi\w+|预测|预报|分类|回归|予測|分類|回帰",
        ),
        (
            4,
            r"\b(?:xgboost|lightgbm|catboost|random[- ]?forests?|gradient[- ]boosting|boosting|decision trees?"
            r"|logistic|ridge|lasso|elastic net|svm|knn|naive bayes|linear (?:model|regression|baseline)"
            r"|zufallswald|foret aleatoire|bosques? aleatorios?|foresta casuale)\b|随机森林"
            r"|ランダムフォレスト|梯度提升",
        ),
        (
            3,
            r"\x02+(?<=\x02)|tabular|\bcolumns?\b|spalten?\b|colonnes?\b|columnas?\b|colonn[ae]\b|colunas?\b"
            r"|\btarget\b|表格",
        ),
        (
            3,
            r"\bdetect\w*|erkenn\w*|detecta\w*|detecte\w*|spam filter|\bestimate\b|\bscore (?:each|the"
            r"|customers)|churn|fraud|anomal\w+|outlier\w*|检测|検出",
        ),
        (3, r"\bcluster\w*|segment (?:the )?(?:customers|users)|聚类|クラスタリング"),
        (
            1.5,
            r"\btrain\w*|\bfit\b|\blearn\b|trainier\w*|entrain\w*|entrena\w*|addestr\w*|trein\w+|训练|訓練|学習させ"
            r"|\bbuild a model|machine[- ]learning model",
        ),
    ),
    Route.SWEEP: (
        (6, r"\b\d+ (?:combinations|configurations)\b|search (?:over )?\d+"),
        (
            8,
            r"hyper[- ]?param\w*|hiperparam\w*|iperparam\w*|超参数?|ハイパーパラメータ\w*|\boptuna\b|grid[- ]search"
            r"|random[- ]search|rastersuche",
        ),
        (
            7,
            r"\bsweeps?\b|\bsweeping\b|bayesian[- ]optimi[sz]ation|\bhpo\b|hyperband|\bautotune|\btune\b"
            r"|\btuning\b|调参|调优|チューニング(?<!ファインチューニング)",
        ),
        (
            6,
            r"(?:find|search for|get|pick|determine|what is|which) (?:me )?(?:the )?(?:best|optimal|right) "
            r"(?:learning|lr|batch|dropout|depth|num|number|weight|width|hidden|settings|parameters"
            r"|configuration)",
        ),
        (
            6,
            r"(?:different|several|various|multiple|many|verschiedene|plusieurs|varias|diverse) (?:learning "
            r"rates|batch sizes|depths|widths|values of|settings|configurations|lernraten|hyper)|pick the best"
            r"|(?:better|best|good|optimal) (?:values?|settings?) (?:of|for)|which (?:learning rate|batch size"
            r"|depth|dropout)[^?.]*\b(?:best|better)\b|\b\d+ (?:trials|versuche\w*|essais|pruebas|ensayos"
            r"|tentativas|prove|tentativi)\b|\d+ ?(?:次试验|次尝试|トライアル|試行)|(?:beste|meilleur|mejor|miglior\w*"
            r"|melhor) (?:lernrate|taux d'apprentissage|tasa de aprendizaje|tasso di apprendimento|taxa de "
            r"aprendizagem)",
        ),
    ),
    Route.EVALUATE: (
        (6, r"\bhow (?:the|my|our|this) .{0,30}\b(?:does|performs|did|do|behaves)\b|\bunseen\b"),
        (
            7,
            r"\b(?:compute|calculate|report|measure|plot|show|give me|get|berechne|calcule|calcula) "
            r".{0,40}\b(?:precision|recall|accuracy|auc|rmse|mae|metrics|f1|roc|errors?|residuals)\b|error "
            r"analysis|analy[sz]e (?:the )?(?:errors|mistakes|predictions|residuals)|(?:explain|interpret) (?:the "
            r"|its |my )?(?:\w+ )?predictions|\baudit\b|\broc curve|\bis (?:my|the|our) model (?:over|under|well"
            r"|any|good)",
        ),
        (4, r"\x04+"),
        (
            7,
            r"\bevaluat\w*|\bevalu\w*|\bbewert\w*|evalua\b|evalue\b|\bavali\w+|\bvaluta\w*|\bvalutar\w*|评估|评价|評価",
        ),
        (
            6,
            r"confusion matri\w+|konfusionsmatrix|matrice de confusion|matriz de confus\w+|matrice di "
            r"confusione|混淆矩阵|混同行列|\bconfus(?:e|es|ed|ing)\b|how often|calibration|roc curve|reliability "
            r"diagram",
        ),
        (
            5,
            r"\bhow (?:good|well|accurate|bad) (?:is|does|did|are)|\bassess\b|score (?:it|the model|my model"
            r"|on)|\bshap\b(?! vs)|permutation importance|feature importance|importance des variables|which "
            r"features matter",
        ),
        (
            4,
            r"performance (?:of|on)|model'?s performance|test (?:set|data|split|images|samples|rows|cases)"
            r"|testdaten\w*|jeu de test|conjunto de (?:prueba|teste)|dati di test|测试集"
            r"|テストセット|テストデータ|hold-?out",
        ),
        (
            4,
            r"\bfairness\b|\bbias\b (?:of|in) (?:the|my) (?:model|classifier)|\bbenchmark\b|compare (?:the |my "
            r"|both |two |these )*(?:saved |trained )?models|error analysis|leistung (?:des|meines) modells",
        ),
    ),
    Route.DEPLOY: (
        (3, r"\x04+"),
        (
            6,
            r"web service|(?:convert|turn) .{0,30} (?:to|into) (?:onnx|torchscript|a service|an api)|\bship (?:the"
            r"|my|our|it)\b|to production|go live|in die produktion",
        ),
        (
            7,
            r"\bdeploy\w*|\bdeplo\w+|\bdesplieg\w*|\bdesplega\w*|\bimplant\w+|bereitstell\w*|ausliefern|in "
            r"produktion|en produccion|em producao|als (?:rest-?)?(?:dienst|service|api)\b|mettre en "
            r"production|distribui\w*|部署|デプロイ|mise en production|implementare? in produzione",
        ),
        (
            7,
            r"docker\w*|fastapi|flask|kubernetes|\bk8s\b|torchserve|triton|bentoml|helm chart|\bcontainers?\b"
            r"|containeri[sz]e\w*|conteneur\w*|contenedor\w*|容器|コンテナ",
        ),
        (
            6,
            r"\bserv(?:e|es|ing)\b (?:the|my|this|our|it|a|as|\x04)|\b(?:rest|http|inference|prediction|web)[- "
            r"](?:api|endpoint|service|server)\b|\bendpoint\b|microservice|into production|\bput .{0,30} "
            r"(?:behind|in production|online)\b",
        ),
        (
            6,
            r"\bonnx\b(?!\x02)|quanti[sz]e\w*|quantification|quantisier\w*|tensorrt|tflite|coreml|raspberry"
            r"|edge device|量化|export the (?:model|network)|exportier\w*",
        ),
        (3, r"stelle .{0,60}\bbereit\b|\blatency\b|health check|bereit$"),
    ),
    Route.SIMULATE: (
        (6, r"\bnumerically\b|equation solver|synthetic (?:\w+ )?(?:profiles|samples|fields|trajectories)"),
        (
            7,
            r"\bsimulat\w*|\bsimulier\w*|\bsimul(?:e|er|a|ar|e[sz]?|are|azione|acion)\b|模拟|仿真|シミュレー\w*"
            r"|molecular dynamics|langevin (?:dynamics|simulation)|lennard[- ]jones|ising model|brownian"
            r"|trajector\w+ of|monte[- ]carlo simulation|\blammps\b|n-body",
        ),
        (
            7,
            r"finite[- ](?:difference|element|volume)s?|crank[- ]?nicol?son|runge[- ]kutta|spectral (?:method"
            r"|solver)|finite\w* (?:differenzen|elemente\w*)|differences? finies?|diferencias finitas|差分|有限元"
            r"|有限要素",
        ),
        (
            7,
            r"numericamente|numeriquement|numerical(?:ly)? (?:solution|solve|solver|integrat\w*)|solve .{0,80} "
            r"numerical\w*|numerisch\w* (?:los\w*|losung)|reference (?:solution|data|values)|referenz(?:losung"
            r"|daten)|solution (?:de reference|numerique)|solucion (?:de referencia|numerica)|soluzione (?:di "
            r"riferimento|numerica)|数值解|数值求解|数値\w*|ground truth|exact solution|classical (?:solver|scheme"
            r"|method)|integrate (?:the|it)\b|convergence study",
        ),
        (
            5,
            r"synthetic (?:training )?data|generate (?:training |some |synthetic )*data|synthetische daten"
            r"|donnees synthetiques|datos sinteticos|合成数据|合成データ",
        ),
        (
            3,
            r"\bsolve\b|\blose\b|\bresou\w+|\bresuelve\b|\bresolver\b|\brisolv\w+|\bresolva\b|求解|解いて|を解く"
            r"|integrate the (?:pde|ode|equation)",
        ),
    ),
    Route.RESEARCH: (
        (
            9,
            r"literature|lit(?:erature)?\.? review|literaturrecherche|literaturuberblick|revue (?:de |de la "
            r")?litterature|revision bibliografica|revisao (?:bibliografica|da literatura)|rassegna (?:della "
            r"letteratura|bibliografica)|文献|综述|論文|论文|サーベイ",
        ),
        (
            8,
            r"\bpapers?\b|\bpublications?\b|related[- ]work|state of the art|\bsota\b|\bsurvey\b|arxiv"
            r"|citations?|\bwith references\b|recent (?:advances|work|progress|developments)|latest "
            r"(?:research|advances|work)|journals?\b|\bcite\b|bibliograph\w*|stand der (?:technik|forschung)"
            r"|etat de l'art|estado del arte|estado da arte|stato dell'arte|最新研究",
        ),
        (
            8,
            r"power analysis|sample size|how many (?:samples|subjects|runs) do i need|study design|design of "
            r"experiments|systematic review|meta-analysis|poweranalyse|fallzahl\w*",
        ),
        (
            4,
            r"\bmanuscript\b|write (?:the |an? |my )?(?:abstract|introduction|paper|methods section)"
            r"|publication figure",
        ),
    ),
    Route.JAX: (
        (9, r"\bjax(?:\b|(?=[^a-z]))|\bflax\b|\boptax\b|\blax\b|\bequinox\b|\bnumpyro\b|\bblackjax\b|\bdiffrax\b"),
        (7, r"\bvmap\w*|\bpmap\b|\bshard\w*|\btpus?\b|\bjit\b|shard_map|\bnuts\b|\bxla\b|\bpallas\b"),
    ),
}
CUES: dict[Route, tuple[tuple[float, re.Pattern[str]], ...]] = {
    route: tuple((weight, re.compile(pattern, re.ASCII)) for weight, pattern in cues) for route, cues in _CUES.items()
}

# Words of the trade that name no route by themselves.
TRADE = re.compile(
    r"machine[- ]learn\w*|maschinelle\w* lernen|apprentissage|aprendizaje automatico|apprendimento automatico"
    r"|aprendizado|机器学习|機械学習|"
    r"\bmodels?\b|\bmodell\w*|modeles?\b|modelos?\b|modell[oi]\b|模型|モデル|\bdata(?:set)?s?\b|\bdaten\w*|donnees"
    r"|\bdatos\b|\bdati\b|\bdados\b|数据|データ|"
    r"\bneural\b|networks?\b|\bnetz\w*|\breseau|\btrain\w*|\blearn(?:ing|er|ed)?\b|overfit\w*|underfit\w*"
    r"|gradient\w*|\bloss\b|optimi[sz]er\w*|regulari[sz]ation|"
    r"\bai\b|\bki\b|\bml\b|statistic\w*|feature\w*|embedding\w*|\bgpus?\b|\bpde\b|surrogate\w*|uncertainty"
    r"|\bbayes\w*|explainab\w*|interpretab\w*|"
    r"\bepochs?\b|\bbatch\b|inference|pytorch|tensorflow|scikit|sklearn|\bseeds?\b|reproducib\w*|equation",
    re.ASCII,
)
EXISTING = re.compile(
    r"\b(?:my|our|this|the|that|these|trained|saved|existing|fitted) (?:\w+ ){0,2}(?:models?|network|net"
    r"|classifier|regressor|forest|transformer|predictions?|checkpoint|run|pipeline|api|thing)\b|"
    r"\b(?:das|mein|meinem|unser|dieses|dem) (?:\w+ )?(?:modell|netz)\b|\b(?:le|mon|notre|ce) (?:\w+ )?modele"
    r"|\b(?:el|mi|este|nuestro) modelo|\b(?:il|mio|questo) modello|\b(?:o|meu|este) modelo|"
    r"\brun \d{4,}|这个模型|我的模型|このモデル|モデルを|评估模型",
    re.ASCII,
)
