"""The FastAPI application around one model: typed requests, one clear error each, and what it counts of itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from numpy.typing import NDArray
from pydantic import BaseModel

from skills.deploy.counted import CONTENT_TYPE, Counts
from skills.deploy.served import TOLD, Served, check_outputs
from skills.deploy.shapes import Prediction, Predictions, batch_type, sample_type
from skills.deploy.spec import Spec
from skills.runtime.job import UserMistake

MOST_BYTES = 16 << 20  # of a request's body
Next = Callable[[Request], Awaitable[Response]]


class Problem(BaseModel):
    """What is wrong with a request: where, and what would be right."""

    loc: list[str | int]
    msg: str
    type: str


class Problems(BaseModel):
    detail: list[Problem]


class Told(BaseModel):
    detail: str


class Status(BaseModel):
    status: str


REFUSED: dict[int | str, dict[str, Any]] = {413: {"model": Told}, 422: {"model": Problems}, 400: {"model": Told}}


def make_app(folder: Path) -> FastAPI:
    """The application of the model in `folder`; the model itself is opened when it starts."""
    spec = Spec.model_validate(json.loads((folder / TOLD).read_text(encoding="utf-8")))
    state = _State(folder, spec)
    app = FastAPI(
        title=f"Predictions of {spec.subject.name}", version=spec.subject.sha256[:12] or "1", lifespan=state.life,
        description="Made by mlexpert. `/model` tells what was measured of the model.", docs_url=None, redoc_url=None,
    )  # fmt: skip
    _guard(app, state)
    _tell(app, state)
    _predict(app, state, sample_type(spec), spec)
    return app


class _State:
    """The open model and its counts. One prediction runs at a time: not every library's models bear more."""

    def __init__(self, folder: Path, spec: Spec) -> None:
        self.folder, self.spec = folder, spec
        self.counts = Counts()
        self.served: Served | None = None
        self._turn = threading.Lock()

    @asynccontextmanager
    async def life(self, app: FastAPI) -> AsyncIterator[None]:
        self.served = Served(self.folder)
        yield
        self.served = None

    def predict(self, samples: Sequence[BaseModel]) -> list[Prediction]:
        served = self.served
        if served is None:
            raise UserMistake("the model is not open yet", "ask /ready first")
        with self._turn:
            if self.spec.form == "array":
                values, names = served.ask_arrays(_stacked(samples))
            else:
                values, names = served.ask_rows([one.model_dump(by_alias=True) for one in samples])
        check_outputs(values)
        self.counts.predicted(len(samples))
        return [_prediction(row, names, self.spec) for row in values]


def _stacked(samples: Sequence[BaseModel]) -> NDArray[Any]:
    return np.asarray([one.inputs for one in samples], dtype=np.float64)  # type: ignore[attr-defined]


def _prediction(row: NDArray[np.float64], names: tuple[str, ...], spec: Spec) -> Prediction:
    outputs = {name: float(value) for name, value in zip(names, row, strict=True)}
    chosen: float | str = names[int(row.argmax())] if spec.task == "classification" else float(row[0])
    return Prediction(prediction=chosen, outputs=outputs)


def _guard(app: FastAPI, state: _State) -> None:
    """One clear error for each bad request, and a count for every request."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
        return JSONResponse({"detail": problems[:100]}, status_code=422)  # values are not sent back: NaN is no JSON

    @app.exception_handler(UserMistake)
    async def mistaken(request: Request, mistake: UserMistake) -> JSONResponse:
        problem = {"loc": ["body"], "msg": f"{mistake.message}; {mistake.remedy}", "type": "model"}
        return JSONResponse({"detail": [problem]}, status_code=422)

    @app.middleware("http")
    async def counted(request: Request, call_next: Next) -> Response:
        began = time.perf_counter()
        length = request.headers.get("content-length", "")
        if request.method == "POST" and not length.isdigit():
            response: Response = JSONResponse({"detail": "a Content-Length is wanted"}, status_code=411)
        elif length.isdigit() and int(length) > MOST_BYTES:
            told = f"the body has {int(length)} bytes, the limit is {MOST_BYTES}"
            response = JSONResponse({"detail": told}, status_code=413)
        else:
            response = await call_next(request)
        known = {getattr(route, "path", "") for route in app.routes}
        path = request.url.path if request.url.path in known else "other"
        state.counts.request(path, response.status_code, time.perf_counter() - began)
        return response


def _tell(app: FastAPI, state: _State) -> None:
    @app.get("/health", summary="Whether the process answers")
    async def health() -> Status:
        return Status(status="ok")

    @app.get("/ready", summary="Whether the model is open", responses={503: {"model": Status}})
    async def ready(response: Response) -> Status:
        if state.served is None:
            response.status_code = 503
            return Status(status="opening the model")
        return Status(status="ready")

    @app.get("/metrics", summary="Counts in Prometheus' text format", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(state.counts.text(), headers={"content-type": CONTENT_TYPE})

    @app.get("/model", summary="What the model is, and what was measured of it")
    async def model() -> dict[str, Any]:
        return state.spec.model_dump(
            mode="json", include={"subject", "form", "columns", "shape", "target", "task", "card"}
        )


def _predict(app: FastAPI, state: _State, sample: type[BaseModel], spec: Spec) -> None:
    batch = batch_type(sample, spec)

    def one(body: Any) -> Prediction:
        return state.predict([body])[0]

    def many(body: Any) -> Predictions:
        return Predictions(predictions=state.predict(body.samples))

    one.__annotations__["body"], many.__annotations__["body"] = sample, batch
    add = {"methods": ["POST"], "responses": REFUSED}
    app.add_api_route("/predict", one, summary="One prediction", response_model=Prediction, **add)  # type: ignore[arg-type]
    app.add_api_route("/predict/batch", many, summary="Many predictions", response_model=Predictions, **add)  # type: ignore[arg-type]
