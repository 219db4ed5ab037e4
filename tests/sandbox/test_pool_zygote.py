"""Zygotes: a job that is forked does what one does that was started anew, and can spoil nothing but its own box."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pools import VARIABLES, held, python_spec, variables

from sandbox.docker.backend import DockerSandbox
from sandbox.images.environments import build
from sandbox.pool.pool import Pool
from sandbox.protocol import Box, BoxSpec, Completed

pytestmark = [pytest.mark.docker, pytest.mark.box]
LOCK = Path(__file__).resolve().parents[2] / "locks" / "box.txt"
PRELOAD = ("xml.dom.minidom", "numpy.random", "multiprocessing.process")
IS_FORKED = "import sys; print('xml.dom.minidom' in sys.modules)\n"

# A package `work` with these modules; each runs cold and forked, and must end and speak alike.
JOBS = {
    "exit_number": "import sys; print('bye'); sys.exit(3)",
    "exit_text": "import sys; sys.exit('a reason')",
    "exit_nothing": "import sys; sys.exit()",
    "exit_large": "import sys; sys.exit(259)",
    "raises": """
def inner():
    raise ValueError('böse')
try:
    inner()
except ValueError as e:
    raise KeyError('x') from e
""",
    "own_hook": "import sys; sys.excepthook = lambda kind, error, trace: print('hook', kind); raise ValueError",
    "interrupted": "raise KeyboardInterrupt",
    "killed": "import os; os.kill(os.getpid(), 15)",
    "leaves_at_once": "import os; print('now', flush=True); os._exit(9)",
    "broken_pipe": """
import os
r, w = os.pipe()
os.close(r)
try:
    os.write(w, b'x')
except BrokenPipeError:
    print('told')
""",
    "says_who_it_is": """
import os, sys
print(__name__, __spec__.name, __package__, __file__, __annotations__, sys.argv, sys.orig_argv, sys.path, sys.flags)
print(os.getcwd(), sorted(os.environ.items()), sys.executable, sys.modules['__main__'].__dict__ is globals())
print(os.getpid() == os.getsid(0), sorted(os.listdir('/proc/self/fd')), os.umask(0), sys.stdin.read() == '')
print(sys.stdout.line_buffering, sys.stdout.encoding, sys.stderr.errors)
print(open('/proc/self/status').read().split('Sig', 1)[1].split('Cap')[0])
""",
    "ends_properly": """
import atexit, os, threading, time
atexit.register(print, 'at exit')
f = open('unflushed', 'w')
f.write('whole')
def late():
    time.sleep(0.3)
    print('thread')
threading.Thread(target=late).start()
class Last:
    def __del__(self, write=os.write):
        write(1, b'last')
last = Last()
print('end')
""",
    "uses_processes": """
import multiprocessing as mp
def twice(x):
    return 2 * x
if __name__ == '__main__':
    for way in ('fork', 'spawn', 'forkserver'):
        with mp.get_context(way).Pool(2) as pool:
            print(way, pool.map(twice, [1, 2]))
""",
    "imports_beside_itself": "from work.exit_nothing import sys\nfrom . import raises",
    "hashes": "print(hash('abc'), {'a', 'b', 'c', 'd'}, sorted(__import__('os').environ))",
    "__main__": "import sys; print('package', __name__, sys.argv)",
}


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "boxes"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture(scope="session")
def environment(engine: None) -> Path:
    return asyncio.run(build(LOCK, "docker")).path


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    package = tmp_path / "lib" / "work"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name, text in JOBS.items():
        (package / f"{name}.py").write_text(text)
    return package.parent


@pytest.fixture
async def pool(docker_sandbox: DockerSandbox) -> AsyncIterator[Pool]:
    made = Pool(docker_sandbox, size=3, memory_mb=8192)
    yield made
    await made.close()
    assert held() == set()


async def forked(pool: Pool, spec: BoxSpec, preload: tuple[str, ...] = PRELOAD) -> Box:
    return await pool.open(spec, agent="a", preload=preload, variables=VARIABLES)


async def module(box: Box, *words: str, timeout_s: float = 60, **more: str) -> Completed:
    command = ["/mnt/env/bin/python3", "-m", *words]
    return await box.run(command, env=variables(box, **more), timeout_s=timeout_s)


@pytest.mark.parametrize("job", [f"work.{name}" for name in JOBS] + ["work", "work.no_such", "nowhere", "json.tool"])
async def test_a_forked_job_ends_and_speaks_as_one_started_anew(
    pool: Pool, docker_sandbox: DockerSandbox, environment: Path, lib: Path, job: str
) -> None:
    told = []
    for warm in (False, True):
        spec = python_spec(environment, lib)
        box = await (forked(pool, spec) if warm else docker_sandbox.open(spec))
        try:
            if warm:
                assert not pool.refused
            done = await module(box, job, "one", "two words")
            kept = await box.read("unflushed") if job == "work.ends_properly" else b""
            told.append((done.exit_code, done.ended, done.output.replace(str(box.mounts / "lib"), "LIB"), kept))
        finally:
            await box.close()
    assert told[0] == told[1]


async def test_the_modules_are_there_before_the_job_and_jobs_share_nothing(
    pool: Pool, environment: Path, lib: Path
) -> None:
    (lib / "job.py").write_text(
        IS_FORKED + "import os, random, numpy, secrets, multiprocessing, xml.dom.minidom as shared\n"
        "print(hasattr(shared, 'mark'), os.environ.get('MARK'))\nshared.mark = 1; os.environ['MARK'] = '1'\n"
        "print(random.random(), numpy.random.rand(), secrets.token_hex(), multiprocessing.current_process().authkey)\n"
    )
    said, ids = [], set()
    for _ in range(2):
        box = await forked(pool, python_spec(environment, lib))
        for _ in range(2):
            said.append((await module(box, "job")).output.splitlines())
        ids.add(box.id)
        await box.close()
    assert len(ids) == 1
    assert [lines[:2] for lines in said] == [["True", "False None"]] * 4
    for drawn in zip(*(lines[2].split(" ", 3) for lines in said), strict=True):
        assert len(set(drawn)) == 4, "each draws its own"


@pytest.mark.parametrize("change", ["variable", "module", "folder", "interpreter", "sitecustomize"])
async def test_what_a_fork_would_do_otherwise_is_started_anew(
    pool: Pool, environment: Path, lib: Path, change: str
) -> None:
    (lib / "job.py").write_text(IS_FORKED)
    if change in ("module", "sitecustomize"):
        name = "json" if change == "module" else change
        (lib / f"{name}.py").write_text(f"print('own {name}')\n" if change == "sitecustomize" else "x = 1\n")
    box = await forked(pool, python_spec(environment, lib))
    try:
        if change == "folder":
            await box.write("numpy/__init__.py", b"")
        more = {"OMP_NUM_THREADS": "2"} if change == "variable" else {}
        if change == "interpreter":
            done = await box.run(["python3", "-m", "job"], env=variables(box), timeout_s=60)
        else:
            done = await module(box, "job", **more)
        assert (done.exit_code, done.output.splitlines()[-1]) == (0, "False")
    finally:
        await box.close()


@pytest.mark.parametrize(
    ("preload", "why"), [(("no_such_module",), "No module named"), (("pandas",), "thread"), (("starts",), "No module")]
)
async def test_libraries_that_cannot_be_preloaded_are_named_and_jobs_run_as_before(
    pool: Pool, environment: Path, lib: Path, preload: tuple[str, ...], why: str
) -> None:
    (lib / "job.py").write_text("print('ran')")
    for _ in range(2):
        box = await forked(pool, python_spec(environment, lib), preload)
        try:
            assert (await module(box, "job")).output == "ran\n"
        finally:
            await box.close()
    assert len(pool.refused) == 1 and why in next(iter(pool.refused.values()))
    assert pool.idle == 1


ATTACKS = {
    "killed": ("import os, time; os.kill(os.getppid(), 9); time.sleep(60)", "killed"),
    "stopped": ("import os; os.kill(os.getppid(), 19)", "timeout"),
    "orphaned": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nprint('left one')",
        "exit",
    ),
    "hungry": ("x = []\nwhile True:\n    x.append(bytearray(1 << 20))", "memory"),
    "slow": ("import time; time.sleep(60)", "timeout"),
    "loud": ("while True:\n    print('x' * 1000)", "output"),
    "many": (
        "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(60)",
        "timeout",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_job_that_harms_its_zygote_or_has_to_be_killed_costs_the_box(
    pool: Pool, environment: Path, lib: Path, attack: str
) -> None:
    text, ended = ATTACKS[attack]
    (lib / "attack.py").write_text(text)
    (lib / "job.py").write_text(IS_FORKED)
    spec = python_spec(environment, lib, memory_mb=512)
    box = await forked(pool, spec)
    assert (await module(box, "job")).output == "True\n"
    limit_s = 4.0 if ended == "timeout" else 60.0
    done = await module(box, "attack", timeout_s=limit_s)
    assert done.ended == ended, done
    await box.close()
    assert pool.idle == 0
    other = await forked(pool, spec)
    try:
        assert other.id != box.id
        assert (await module(other, "job")).output == "True\n"
    finally:
        await other.close()
    assert pool.idle == 1


async def test_a_job_can_neither_read_nor_write_its_zygote(pool: Pool, environment: Path, lib: Path) -> None:
    (lib / "job.py").write_text(
        "import os\nzygote = os.getppid()\n"
        "for name in ('mem', 'environ', 'fd/0', 'fd/1', 'maps'):\n"
        "    for way in ('rb', 'r+b'):\n        try:\n            open(f'/proc/{zygote}/{name}', way).close()\n"
        "        except OSError:\n            print('refused')\n"
        "        else:\n            print('open', name, way)\n"
        "print(len(open('/proc/self/maps').read()) > 0, os.readlink('/proc/self/fd/0'))\n"
    )
    box = await forked(pool, python_spec(environment, lib))
    try:
        assert (await module(box, "job")).output.splitlines() == ["refused"] * 10 + ["True /dev/null"]
    finally:
        await box.close()
    assert pool.idle == 1


TRAINING = """
import hashlib, sys, torch
torch.manual_seed(0)
layers = torch.nn.Linear(8, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(), torch.nn.Linear(64, 1)
model = torch.nn.Sequential(*layers)
x = torch.randn(512, 8)
y = torch.sin(x.sum(1, keepdim=True))
rows = torch.utils.data.TensorDataset(x, y)
loader = torch.utils.data.DataLoader(rows, batch_size=64, shuffle=True, num_workers=1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(5):
    for part, wanted in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(part), wanted)
        loss.backward()
        optimizer.step()
eigen = torch.linalg.eigvalsh(x.T @ x)
data = b"".join(p.detach().numpy().tobytes() for p in model.parameters()) + eigen.numpy().tobytes()
print(hashlib.sha256(data).hexdigest(), float(loss.detach()), torch.get_num_threads(), hash("abc"))
"""


async def test_a_training_in_a_forked_job_gives_the_same_bits(
    pool: Pool, docker_sandbox: DockerSandbox, environment: Path, lib: Path
) -> None:
    (lib / "training.py").write_text(TRAINING)
    (lib / "fresh.py").write_text("import torch\nprint(torch.randn(3).tolist(), torch.initial_seed())")
    spec = python_spec(environment, lib, memory_mb=2048)
    cold = await docker_sandbox.open(spec)
    try:
        wanted = await module(cold, "training", timeout_s=200)
    finally:
        await cold.close()
    assert wanted.exit_code == 0, wanted.output
    drawn, ids = set(), set()
    for _ in range(2):
        box = await forked(pool, spec, ("torch",))
        try:
            assert not pool.refused
            assert (await module(box, "training", timeout_s=200)).output == wanted.output
            drawn.add((await module(box, "fresh")).output)
            ids.add(box.id)
        finally:
            await box.close()
    assert (len(drawn), len(ids)) == (2, 1), "unseeded numbers differ, in one box"
