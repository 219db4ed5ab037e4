"""The topics that questions ask about, by their words, each answered from one table of the framework."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.planners.rules.framework import (
    ANTI_PATTERNS,
    ARCHITECTURES,
    CHECKS,
    DELEGATION,
    DIAGNOSTICS,
    HARDWARE,
    METRICS,
    OPTIMIZERS,
    PROBLEM_TYPES,
    REGULARIZATION,
    SPLITS,
    Choice,
)


@dataclass(frozen=True)
class Topic:
    """A topic: its name, the words that ask for it, a lead, and rows of a table."""

    name: str
    words: re.Pattern[str]
    lead: str
    rows: tuple[Choice, ...] = ()


def _topic(name: str, words: str, lead: str, *rows: Choice) -> Topic:
    return Topic(name, re.compile(words, re.ASCII), lead, rows)


_PATTERN_ROWS = tuple(
    Choice(pattern, use, f"instead of {anti[0].lower()}{anti[1:]}: {fix}")
    for anti, fix, pattern, use in ANTI_PATTERNS.values()
)
_SPLIT_ROWS = tuple(SPLITS.values())
_WORDS_SPLIT = (
    r"\bsplit\w*|aufteil\w*|aufgeteilt|train[- ]test|\bteilung\b|repartition|division de datos|suddivi\w*|划分|分割"
)

TOPICS: tuple[Topic, ...] = (
    _topic(
        "Data leakage",
        r"leak\w*|datenleck\w*|fuite\w* de donnees|fuga\w* de (?:datos|informacion)|vazamento de dados|perdita "
        r"di dati|fuga di dati|泄漏|泄露|リーク|before splitting|normali[sz]e before|scale before",
        "Leakage is anything by which the model learns, while training, what only the test should tell: copies "
        "of a row or rows of one group on both sides, the future among the past, a column that is the target "
        "in disguise, "
        "or scaling that was fitted on all rows. Scores then look good and fail in use. So split first, fit "
        "every preprocessing step on the training rows alone, and keep groups and time apart.",
        *_SPLIT_ROWS[2:],
    ),
    _topic(
        "Cross-validation",
        r"cross[- ]?valid\w*|k-?fold|kreuzvalid\w*|validation croisee|validacion cruzada|validazione "
        r"incrociata|convalida incrociata|validacao cruzada|交叉验证|交差検証",
        "Cross-validation cuts the training rows into k parts, trains k times on all parts but one, and "
        "measures on that one. The k scores show how much a result depends on luck. It chooses between models; "
        "the final number comes from a test set that took no part.",
        *_SPLIT_ROWS,
    ),
    _topic(
        "Splitting data",
        _WORDS_SPLIT + r"|stratif\w*|hold-?out|zeitlich\w*",
        "How rows are set aside decides what a score means. The split should copy the way in which the model will "
        "be used.",
        *_SPLIT_ROWS,
    ),
    _topic(
        "Early stopping",
        r"early[- ]stopp\w*|fixed epochs|number of epochs|how many epochs|arret precoce|parada temprana|parada "
        r"antecipada|早停|早期終了",
        "Early stopping watches the loss on validation rows and ends training where it no longer falls. A "
        "fixed number of epochs is either too few, and underfits, or too many, and memorises; nobody knows "
        "beforehand which.",
        REGULARIZATION[3],
    ),
    _topic(
        "PINN",
        r"\bpinns?\b|physics?[- ]informed|physikinformiert\w*|informe par la physique|informada por la fisica"
        r"|collocation|物理信息|物理情報|residual loss",
        "A physics-informed network represents u(x, t) itself. Its loss is the residual of the equation at "
        "collocation points plus the misfit at the start and at the boundaries; no solved examples are needed. "
        "What works: inputs scaled to [-1, 1], a small tanh network in float64, low-discrepancy points, "
        "initial and boundary terms weighted 10 to 100 times, Gauss-Newton or L-BFGS steps, windows of time for "
        "stiff and long problems, and a check against an independent solver. Coefficients that are unknown are "
        "found from data in the same way. "
        "To have one trained and checked here: `Train a PINN to solve the heat equation`, or for any equation that "
        "you write out: `u_t + u*u_x = nu*u_xx with nu = 0.02, u(x,0) = ...`.",
        *ARCHITECTURES["physics"],
    ),
    _topic(
        "Neural operators",
        r"\bu?fnos?\b|deeponet|neural operator\w*|operator learning|hamiltonian|算子|作用素",
        "A neural operator learns the map from an input function (coefficients, initial values) to the solution.",
        *ARCHITECTURES["physics"],
    ),
    _topic(
        "Models for tables",
        r"xgboost|lightgbm|catboost|tabnet|boosting|random forest|decision tree|tabular"
        r"|tabell\w*|linear model|随机森林",
        "On tables, start with a linear model and a forest; gradient boosting is hard to beat. A network earns its "
        "place by measurement.",
        *ARCHITECTURES["tabular"],
    ),
    _topic(
        "Models for images",
        r"resnet|efficientnet|\bvits?\b|vision transformer|\bcnns?\b|convolution\w*|faltung\w*|images?\b|bilder|图像"
        r"|画像",
        "The fewer the images, the more should be built in rather than learned; with hundreds of images, fine-tune "
        "a pretrained convolutional network.",
        *ARCHITECTURES["image"],
    ),
    _topic(
        "Models for sequences",
        r"\blstms?\b|\bgrus?\b|\brnns?\b|transformers?\b|sequence\w*|attention(?! map)|sequenz\w*|time series"
        r"|zeitreihe\w*|序列|系列",
        "The length of the dependencies and the amount of data decide.",
        *ARCHITECTURES["sequence"],
    ),
    _topic(
        "Models for graphs",
        r"\bgcns?\b|\bgats?\b|\bmpnns?\b|\bgnns?\b|graph\b|molecul\w*",
        "What an edge means decides.",
        *ARCHITECTURES["graph"],
    ),
    _topic(
        "Optimisers",
        r"\badamw?\b|\bsgd\b|\blion\b|optimi[sz]er\w*|momentum|l-?bfgs|gauss[- ]newton|learning rate|lernrate|taux "
        r"d'apprentissage|tasa de aprendizaje|step size|学习率|学習率|优化器|最適化",
        "Begin with AdamW and a learning rate of 1e-3 (1e-5 to 5e-5 for fine-tuning), warm-up and cosine decay; "
        "the learning rate matters more than the optimiser.",
        *OPTIMIZERS,
    ),
    _topic(
        "Regularisation",
        r"dropout|weight decay|batch ?norm\w*|regulari[sz]\w*|overfit\w*|uberanpass\w*|surapprentissage"
        r"|sobreajuste|过拟合|過学習|正则",
        "Regularisation trades a little fit on known rows for a better one on unknown rows. More data, and a "
        "smaller model, come first.",
        *REGULARIZATION,
    ),
    _topic(
        "Hardware",
        r"\bddp\b|\bfsdp\b|\bgpus?\b|multi-?gpu|distributed|data parallel|hardware|显卡",
        "Use the smallest hardware that fits; communication is the price of more.",
        *HARDWARE,
    ),
    _topic(
        "Metrics",
        r"\bmetric\w*|metrik\w*|metrique\w*|metrica\w*|\bf1\b|recall|precision|accuracy|genauigkeit|\bauc\b"
        r"|\broc\b|rmse|\bmae\b|\bmape\b|log ?loss|brier|imbalanc\w*|unbalanced|r2\b|指标|評価指標|不平衡",
        "The metric must measure the goal: choose it before training, by what an error costs.",
        *METRICS,
    ),
    _topic(
        "Diagnostics and interpretation",
        r"\bshap\b|integrated gradients|attention maps?|confusion matri\w*|loss curve\w*|gradient norm\w*"
        r"|interpretab\w*|explainab\w*|diagnos\w*|feature importance|混淆矩阵",
        "Look before concluding: curves for training, a matrix for classes, attributions for features.",
        *DIAGNOSTICS,
    ),
    _topic(
        "Baselines",
        r"baseline\w*|referenzmodell|modele de reference|modelo (?:base|de referencia)|基线|ベースライン",
        "A baseline is the simplest model that answers the question: predict the mean or the most frequent "
        "class, then a linear model, then a forest. Without one nobody can say whether 0.9 is good. The better "
        "score is worth its complexity only where the difference is larger than its error bar.",
        *ARCHITECTURES["tabular"][:2],
    ),
    _topic(
        "Patterns and anti-patterns",
        r"anti-?pattern\w*|best practi\w*|transfer[- ]learning|fine[- ]?tun\w*|from scratch|hyper-?param\w*|grid "
        r"search|bayesian opt\w*|optuna|pretrained|超参|迁移学习|ハイパーパラメータ|mistakes?\b",
        "Five habits, each with the mistake that it replaces.",
        *_PATTERN_ROWS,
    ),
    _topic(
        "Feature scaling",
        r"scal(?:e|ing)\b|normali[sz]\w*|standardi[sz]\w*|normalisier\w*|skalier\w*|归一化|标准化|正規化",
        "Linear models, networks, nearest neighbours and kernels need features of similar size; trees do not. Fit "
        "the scaling on the training rows only: the mean of all rows already knows the test.",
    ),
    _topic(
        "Uncertainty",
        r"uncertain\w*|confidence interval\w*|error bars?|unsicherheit\w*|konfidenz\w*|conformal|incertitude"
        r"|incertidumbre|incertezza|incerteza|不确定|不確実",
        "Every score is an estimate: give an interval, by bootstrap over the test rows (over groups, if rows "
        "belong together) or over folds. For single predictions, conformal intervals hold their coverage "
        "without assumptions on the model.",
    ),
    _topic(
        "Reproducibility",
        r"reproducib\w*|\bseeds?\b|random state|reproduzierbar\w*|可复现|再現",
        "Fix every seed, record every setting, version code, data and environment, and run twice: only a second "
        "run shows it.",
    ),
    _topic(
        "Deploying a model",
        r"deploy\w*|serving|serve a model|production|fastapi|docker\w*|onnx|latency|bereitstell\w*|部署|デプロイ",
        "Freeze the model with its preprocessing, put it behind a service with a health check, test that service "
        "and notebook give equal predictions, measure latency at the 95th percentile, and watch inputs for drift. "
        "`Deploy run RUN` or `Deploy model.pt2` makes the service and proves it.",
    ),
    _topic(
        "Evaluating a model",
        r"evaluat\w*|test set|validat\w*|bewert\w*|evaluer|evaluar|valutare|评估|評価",
        "Measure once, on rows that took no part in training or choosing, with the metric chosen beforehand, an "
        "interval, and a baseline beside it.",
        *METRICS,
    ),
    _topic(
        "Security classifiers",
        r"phishing|malware|spam|fraud|intrusion|anomal\w*",
        "Detection is classification of rare positives: features of the message, file or transaction, gradient "
        "boosting on them, a split by time (attackers change), and PR AUC or recall at a fixed false-alarm rate "
        "instead of accuracy.",
        *METRICS[2:4],
    ),
    _topic(
        "Fairness and privacy",
        r"fairness|\bbias\b(?!es)|privacy|ethic\w*|discriminat\w*|datenschutz|公平",
        "Compare errors between groups, not only overall; a model can be accurate and unfair. Collect no more than "
        "needed, and never let rows leave the place where they belong.",
    ),
    _topic(
        "Deep learning",
        r"deep learning|neural net\w*|neuronale\w* netz\w*|reseaux? de neurones|red(?:es)? neurona\w*|backprop\w*"
        r"|activation|深度学习|神经网络|ニューラル|深層学習",
        "Networks learn their own features, which pays where raw data have structure (pixels, words, atoms) and "
        "are plentiful. On small tables, trees are better and cheaper.",
        ARCHITECTURES["image"][0],
        ARCHITECTURES["sequence"][1],
    ),
    _topic(
        "Problem types",
        r"regression|classification|klassifikation|supervised|unsupervised|machine learning|maschinelle\w* lernen"
        r"|apprentissage automatique|aprendizaje automatico|reinforcement|cluster\w*|机器学习|機械学習",
        "First say what kind of answer is wanted; the measure of success follows from it.",
        *PROBLEM_TYPES.values(),
    ),
    _topic(
        "The ten checks",
        r"\bchecks?\b|checklist|validated|prufung\w*",
        "An answer is `validated` when every required check passed on evidence: "
        + "; ".join(f"`{name}`: {text}" for name, text in CHECKS.items())
        + ".",
    ),
    _topic(
        "Who does what",
        r"delegat\w*|\bpeers?\b|\bagents?\b|simulation-expert|research-expert",
        "Parts of the work go to peers, in parallel where they can.",
        *DELEGATION,
    ),
)

ABILITIES = (
    "Ask for a result in plain words, and get one that has been checked. There now: models for tables "
    "(`Predict price in houses.csv`), physics-informed networks for differential equations by name or in symbols "
    "(`Train a PINN to solve the heat equation`, `PINN for u_tt = 4 u_xx, u(x,0) = ...`), in PyTorch or JAX, unknown "
    "coefficients from data (`Find nu in Burgers' equation from data.csv`), reference simulations and data sets of "
    "them (`Simulate the Lorenz system`, `64 solutions of Burgers for nu between 0.01 and 0.1`), and answers about "
    "methods (`When should I use a group split?`). "
    "Small networks on images and series too (`Classify the images in data.npz with a CNN`). "
    "Coming: neural operators, sweeps, research."
)
