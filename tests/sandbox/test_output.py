"""The capture of a command's output: nothing lost, nothing over the limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.output import LINE_CHARS, TAIL_BYTES, Capture


@given(
    st.text(alphabet=st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=300), st.integers(1, 7)
)
def test_lines_are_whole_however_the_bytes_are_cut(text: str, step: int) -> None:
    heard: list[str] = []
    capture = Capture(10_000, lambda stream, line: heard.append(line))
    data = text.encode()
    for i in range(0, len(data), step):
        capture.feed("stdout", data[i : i + step])
    assert capture.finish() == text
    assert heard == (text.removesuffix("\n").split("\n") if text else [])


@given(st.integers(0, 500), st.lists(st.integers(1, 200), max_size=8))
def test_a_flood_is_what_goes_over_the_limit(limit: int, sizes: list[int]) -> None:
    capture = Capture(limit, None)
    for size in sizes:
        capture.feed("stderr", b"x" * size)
    assert capture.flooded == (sum(sizes) > limit)
    assert len(capture.finish()) == min(sum(sizes), limit + 1)


def test_the_tail_is_kept_and_a_line_without_end_is_cut() -> None:
    heard: list[str] = []
    capture = Capture(10**9, lambda stream, line: heard.append(line))
    for i in range(40):
        capture.feed("stdout", bytes([65 + i % 26]) * 10_000)
    assert len(capture.finish()) == TAIL_BYTES
    assert sum(map(len, heard)) == 400_000
    assert max(map(len, heard)) == LINE_CHARS
