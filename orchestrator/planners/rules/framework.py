"""The decision framework as tables: what to choose when, what else there is, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One row of a table of choices."""

    name: str
    when: str
    why: str


# Problem types, with the measure of success that fits.
PROBLEM_TYPES: dict[str, Choice] = {
    "regression": Choice("Regression", "the target is a quantity", "measure RMSE or MAE, and R² for scale"),
    "classification": Choice(
        "Classification",
        "the target is one of few classes",
        "measure F1, ROC AUC or log loss; accuracy only where classes are balanced",
    ),
    "generation": Choice(
        "Generation",
        "new samples like the given ones are wanted",
        "measure likelihood or distance of distributions, and look for copies of the training data",
    ),
    "control": Choice(
        "Control",
        "actions change what is seen next",
        "measure return over whole episodes, on seeds and scenes not trained on",
    ),
}

SPLITS: dict[str, Choice] = {
    "random": Choice(
        "Random split", "rows are independent and alike", "simple, and unbiased only under that assumption"
    ),
    "stratified": Choice(
        "Stratified split", "the target is a class, above all a rare one", "every part keeps the share of each class"
    ),
    "group": Choice(
        "Group split",
        "several rows belong to one patient, device, customer or place",
        "no group stands on both sides, so the test asks about new groups rather than remembered ones",
    ),
    "time": Choice(
        "Time split",
        "the model will be used on the future",
        "training rows all lie before the test rows; shuffling would let the future leak into the past",
    ),
}

ARCHITECTURES: dict[str, tuple[Choice, ...]] = {
    "tabular": (
        Choice("Linear model", "always, as the baseline", "fast, stable, and it shows what complexity buys"),
        Choice(
            "Random forest", "a strong baseline without tuning", "robust to scales, outliers and irrelevant columns"
        ),
        Choice(
            "Gradient boosting (XGBoost, LightGBM)",
            "the default on tables from some hundred to some million rows",
            "splits fit mixed columns, missing values and sharp thresholds; it trains in seconds",
        ),
        Choice(
            "TabNet",
            "very many rows, pretraining on unlabelled rows, or a part of a larger network",
            "differentiable and attentive, but slower to train, and rarely ahead of boosting on ordinary tables",
        ),
    ),
    "image": (
        Choice(
            "ResNet or EfficientNet",
            "hundreds to some ten thousand images",
            "convolution knows that neighbours belong together and that position does not matter, so it needs "
            "fewer images",
        ),
        Choice(
            "Vision transformer (ViT)",
            "very many images, or a pretrained one to fine-tune",
            "it must learn locality from data, and scales further once it has",
        ),
    ),
    "sequence": (
        Choice(
            "LSTM or GRU",
            "short sequences, little data, streaming with small memory",
            "state of constant size and a bias to recent steps",
        ),
        Choice(
            "Transformer",
            "long dependencies, much data, or a pretrained model",
            "attention sees every step at once; cost grows with the square of the length",
        ),
    ),
    "graph": (
        Choice(
            "GCN or GAT",
            "node classification on graphs of similar neighbours",
            "averages neighbours (GAT weighs them); cheap, but deep stacks smooth everything out",
        ),
        Choice(
            "MPNN", "molecules, and edges that carry features", "messages depend on the edge, which chemistry needs"
        ),
    ),
    "physics": (
        Choice(
            "PINN",
            "one known equation, one instance, few or no data; inverse problems",
            "the residual of the equation is the loss, so no solved examples are needed",
        ),
        Choice(
            "Neural operator (FNO, DeepONet)",
            "many instances of one family of problems, and solved examples to learn from",
            "learns the map from input function to solution once; each further instance costs milliseconds. FNO "
            "wants regular grids, DeepONet takes any points",
        ),
        Choice(
            "Hamiltonian network",
            "motion that conserves energy",
            "conservation is built into the architecture instead of being hoped for",
        ),
    ),
}

OPTIMIZERS: tuple[Choice, ...] = (
    Choice(
        "AdamW",
        "the default for transformers and most networks",
        "adapts the step per weight and decays weights properly; needs little tuning",
    ),
    Choice(
        "SGD with momentum",
        "convolutional networks with a tuned schedule",
        "often generalises a little better, and is more sensitive to the learning rate",
    ),
    Choice(
        "Lion",
        "large models where optimiser memory matters",
        "keeps one moment instead of two; wants a 3 to 10 times smaller learning rate and larger weight decay",
    ),
    Choice(
        "Gauss-Newton or L-BFGS",
        "small networks with smooth losses, such as PINNs, in float64",
        "second-order steps reach errors that first-order steps do not",
    ),
)

REGULARIZATION: tuple[Choice, ...] = (
    Choice(
        "Dropout",
        "wide dense layers and transformers that overfit",
        "switches units off at random while training, so that none relies on another; off at prediction",
    ),
    Choice("Weight decay", "almost always, small", "pulls weights towards zero, which prefers smooth functions"),
    Choice(
        "Batch normalisation",
        "convolutional networks with batches of 16 and more",
        "keeps activations in range and allows larger steps; misleading with tiny batches",
    ),
    Choice(
        "Early stopping",
        "always when there is a validation set",
        "ends training where validation loss turns, before memorising begins",
    ),
)

HARDWARE: tuple[Choice, ...] = (
    Choice("CPU", "tables, and networks of some thousand weights", "starting a GPU costs more than it saves"),
    Choice(
        "Single GPU", "the model and its batch fit into one device", "no communication; the simplest thing that works"
    ),
    Choice(
        "DDP",
        "the model fits on one GPU, but the data take too long",
        "every GPU holds the whole model and a part of the batch; gradients are averaged",
    ),
    Choice(
        "FSDP",
        "the model does not fit on one GPU",
        "weights, gradients and optimiser state are cut into shards; more communication than DDP",
    ),
)

METRICS: tuple[Choice, ...] = (
    Choice("RMSE", "regression where large errors hurt most", "in the target's unit; one outlier can rule it"),
    Choice("MAE", "regression with outliers", "in the target's unit; every error counts as much as it is large"),
    Choice(
        "F1, precision, recall",
        "classes of unequal size, or errors of unequal cost",
        "recall for what must not be missed, precision for what must not be raised falsely",
    ),
    Choice("PR AUC", "a rare positive class", "looks at the rare class alone, where ROC AUC flatters"),
    Choice("ROC AUC", "ranking, whatever the threshold", "the chance that a positive ranks above a negative"),
    Choice(
        "Log loss, Brier score",
        "probabilities that will be used as probabilities",
        "punish confidence that is not earned",
    ),
    Choice("Accuracy", "balanced classes only", "with 1 % positives, predicting none is 99 % accurate"),
    Choice("Physics error", "fields", "residual, boundary error, and relative L2 error against a reference"),
)

DIAGNOSTICS: tuple[Choice, ...] = (
    Choice(
        "Loss curves",
        "every training",
        "a gap between training and validation loss is overfitting; two high plateaus are underfitting",
    ),
    Choice(
        "Gradient norms",
        "training that stalls or explodes",
        "vanishing or growing norms show where; clip, normalise or change the learning rate",
    ),
    Choice("Confusion matrix", "classification", "shows which classes are taken for which, where one number hides it"),
    Choice(
        "SHAP",
        "which features drive tabular predictions",
        "shares a prediction fairly among features; describes the model, not the world",
    ),
    Choice(
        "Integrated gradients",
        "differentiable models",
        "sums the gradient along the way from a baseline input to this one; the choice of baseline matters",
    ),
    Choice("Attention maps", "transformers", "a first look at what is attended to; weak as an explanation by itself"),
)

# id -> (anti-pattern, its fix, the pattern, its use)
ANTI_PATTERNS: dict[str, tuple[str, str, str, str]] = {
    "from_scratch": ("Training from scratch", "fine-tune a pretrained model", "Transfer learning", "small data"),
    "fixed_epochs": (
        "Fixed epochs",
        "monitor the validation loss and stop early",
        "Early stopping",
        "against overfitting",
    ),
    "single_split": (
        "Single split",
        "k-fold cross-validation, and an untouched test set",
        "Cross-validation",
        "robust evaluation",
    ),
    "manual_tuning": ("Manual tuning", "a bounded Bayesian search", "Hyperparameter search", "optimisation"),
    "pure_data_loss": (
        "Pure data loss",
        "add the residual of the equation",
        "Physics loss",
        "scientific machine learning",
    ),
}

CHECKS: dict[str, str] = {
    "data.leakage": "no row, group, time or proxy tells the model what the test asks",
    "data.scaling": "features are scaled with what the training rows alone say",
    "model.inductive_bias": "the architecture fits the kind of data",
    "model.baseline": "a simple model was measured on the same test",
    "training.loss": "the loss fits the task",
    "training.schedule": "step sizes and the stopping rule are defined",
    "evaluation.metric": "the metric measures the goal",
    "evaluation.uncertainty": "every score has an interval",
    "reproducibility.seeds": "the plan's seed was set, and the kept model predicts the same bits in two fresh boxes",
    "reproducibility.hyperparameters": "every setting is recorded",
}

DELEGATION: tuple[Choice, ...] = (
    Choice(
        "simulation-expert",
        "reference solutions, synthetic data, scaling to many nodes",
        "guards conservation, stability and convergence",
    ),
    Choice(
        "statistical-physicist",
        "physical constraints and their verification",
        "guards symmetry, sum rules and dimensions",
    ),
    Choice("research-expert", "literature, papers, comparison with the state of the art", "guards that sources exist"),
    Choice("jax-pro", "JAX code and speed on accelerators", "guards purity, random keys and shapes"),
    Choice("julia-pro", "comparison with Julia's libraries", "guards type stability"),
)
