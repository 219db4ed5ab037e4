"""Places on a regular calendar: months, business days, or steps of one length."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.tabular.spec import Series

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def places(times: pd.Series, series: Series) -> Places:
    """The step of every time, 0 at the series' start."""
    if series.unit == "number":
        return _whole(np.asarray(times, dtype=np.float64), series)
    moments = pd.to_datetime(times)
    if series.unit == "month":
        months = 12.0 * (moments.dt.year - 1970) + (moments.dt.month - 1)
        return _whole(months.to_numpy(dtype=np.float64), series)
    if series.unit == "business_day":
        days = moments.to_numpy(dtype="datetime64[D]")
        return np.asarray(np.busday_count(np.datetime64("1970-01-01"), days) - round(series.start), dtype=np.int64)
    return _whole(np.asarray((moments - pd.Timestamp(0)) / pd.Timedelta(seconds=1), dtype=np.float64), series)


def _whole(amounts: Floats, series: Series) -> Places:
    return np.rint((amounts - series.start) / series.size).astype(np.int64)
