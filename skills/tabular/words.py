"""Columns of free text as weights of words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

MOST_WORDS = 1000
MOST_CELLS = 20_000_000  # of the dense matrix: 160 MB
LEAST_ROWS = 3  # a word in fewer rows is left out


class Words(TransformerMixin, BaseEstimator):
    """TF-IDF of words and pairs of words (n, m), or their `topics` leading components, which trees can split on.

    Which words count is learned in `fit`, from its rows alone. The components are those of latent semantic analysis
    (Deerwester et al. 1990). Where no word is frequent enough there is one column of zeros. Languages that write
    without spaces are not cut into words.
    """

    def __init__(self, topics: int | None = None, seed: int = 0) -> None:
        self.topics = topics
        self.seed = seed

    def fit(self, X: pd.Series, y: Any = None) -> Words:
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.Series, y: Any = None) -> NDArray[np.float64]:
        most = int(np.clip(MOST_CELLS // max(1, len(X)), 50, MOST_WORDS))
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=LEAST_ROWS, max_features=most, sublinear_tf=True)
        self.vectorizer_: TfidfVectorizer | None = vectorizer
        self.components_: TruncatedSVD | None = None
        try:
            weights = vectorizer.fit_transform(X)
        except ValueError as error:  # scikit-learn's only sign that no word is left
            if "vocabulary" not in str(error) and "no terms remain" not in str(error):
                raise
            self.vectorizer_ = None
            return np.zeros((len(X), 1))
        if self.topics is None or weights.shape[1] <= self.topics:
            return np.asarray(weights.toarray(), dtype=np.float64)
        self.components_ = TruncatedSVD(self.topics, random_state=self.seed)
        return np.asarray(self.components_.fit_transform(weights), dtype=np.float64)

    def transform(self, X: pd.Series) -> NDArray[np.float64]:
        if self.vectorizer_ is None:
            return np.zeros((len(X), 1))
        weights = self.vectorizer_.transform(X)
        if self.components_ is None:
            return np.asarray(weights.toarray(), dtype=np.float64)
        return np.asarray(self.components_.transform(weights), dtype=np.float64)
