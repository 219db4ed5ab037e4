"""The words for how a table is split, ordered and modelled."""

from __future__ import annotations

import re

KEEP_ORDER = re.compile(
    r"(?:don'?t|do not|never|no|not|without|avoid|ohne|nicht|sans|sin|senza|sem"
    r"|ne)\b[^.,;]{0,15}\b(?:shuffl\w*|misch\w*|melang\w*|barajar|mezclar|mescol\w*|embaralh\w*)|unshuffled"
    r"|shuffle\s*=\s*false|"
    r"不要?(?:打乱|洗牌)|シャッフルせず|シャッフルしない|keep the (?:row )?order"
)
SHUFFLE = re.compile(r"shuffle\s*=\s*true|\bshuffl(?:e|ed|ing)\b|\bmische?n?\b|打乱|シャッフル")
SPLITS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "time",
        re.compile(
            r"chronolog\w*|split by (?:the )?(?:time|date)\b"
            r"|time[- ](?:based |series |ordered )?(?:split|cv|cross)|temporal split|walk[- ]forward"
            r"|(?:most recent|latest|last) (?:data|rows|part|months?|weeks?|years?)(?! was)|zeitlich\w* (?:split"
            r"|aufteil\w*|trennung)|按时间|時系列分割"
        ),
    ),
    ("group", re.compile(r"group(?:ed)?[- ](?:k-?fold|split|based|cv)|split by group")),
    ("stratified", re.compile(r"stratif\w*|estratific\w*|分层|層化")),
    ("random", re.compile(r"random(?:ly)? split|split (?:it )?randomly|zufallig\w* (?:aufteil\w*|split)|随机划分")),
)
MODELS = re.compile(
    r"\b(xgboost|lightgbm|catboost|random forest|gradient boosting|boosting|logistic regression|linear "
    r"regression|linear model|linear|ridge|lasso|decision tree|svm|knn|tabnet|vision transformer|transformer"
    r"|lstm|gru|rnn|cnn|"
    r"resnet-?\d*|efficientnet|vit|u-?net|yolo|bert|gpt-?\d?|gcn|gat|mpnn|gnn|vae|gan|autoencoder|mlp|fno"
    r"|fourier neural operator|deeponet|pinn)\b",
    re.ASCII,
)
TASKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "clustering",
        re.compile(r"\bcluster(?:s|ing|n)?\b(?! nodes?)|segment (?:the |my )?(?:customers|users)|聚类|クラスタリング"),
    ),
    ("binary", re.compile(r"\bbinary (?:classif\w*|classifier)")),
    ("multiclass", re.compile(r"\bmulti-?class")),
    ("classification", re.compile(r"\bclassif\w*|klassifi\w*|\bclasifi\w*|分类|分類")),
    ("regression", re.compile(r"\bregress(?:ion|or|ionsmodell)\b(?<!logistic regression)|回归|回帰")),
)
