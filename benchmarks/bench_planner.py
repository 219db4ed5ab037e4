"""Milliseconds a request for the rules planner: first call, then the median over a set of unlike requests."""

from __future__ import annotations

import asyncio
import statistics
import time

import record

from orchestrator.core.request import Request
from orchestrator.planners.seam import choose

REQUESTS = (
    "Train a PINN to solve the heat equation",
    "How do I train a PINN to solve the heat equation using PyTorch?",
    "Predict price in @houses.csv with 5 folds, seed 3, don't shuffle, recall at least 0.9",
    "Run a hyperparameter sweep for my transformer model using Optuna to find the best learning rate and batch size.",
    "Sage den Preis in @häuser.csv vorher, Lernrate 0,001",
    "What is data leakage?",
    "Solve u_t = 0.1*u_xx + u_x - u on [0, 2] until t=0.5 with u(x,0)=sin(pi*x), insulated ends, and then deploy it",
    "Write me a poem about the sea",
)


async def main() -> None:
    started = time.perf_counter()
    planner = choose("rules", {})
    await planner.route(Request(text=REQUESTS[0]))
    first = time.perf_counter() - started
    times = []
    for _ in range(30):
        for text in REQUESTS:
            started = time.perf_counter()
            await planner.route(Request(text=text))
            times.append(time.perf_counter() - started)
    record.write(
        "planner",
        {
            "first_ms": round(1e3 * first, 2),
            "median_ms": round(1e3 * statistics.median(times), 3),
            "worst_ms": round(1e3 * max(times), 3),
            "requests": len(times),
        },
    )


if __name__ == "__main__":
    asyncio.run(main())
