"""The examples run as they stand, and the library needs torch and numpy alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import torch

import adsmtl

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCE = Path(__file__).parents[2] / "src"

# Refuses whatever `pip install adsmtl` does not bring; torch's own packages come with it.
ALONE = """
import importlib.metadata, re, runpy, sys

ours = {"torch", "numpy"}
todo = ["torch", "numpy"]
while todo:
    for line in importlib.metadata.requires(todo.pop()) or []:
        name = re.match(r"[A-Za-z0-9._-]+", line)[0].lower()
        if "extra ==" not in line and name not in ours:
            try:
                importlib.metadata.requires(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            ours.add(name)
            todo.append(name)
provided = {
    module for module, names in importlib.metadata.packages_distributions().items()
    if not {name.lower() for name in names} & ours
}

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in provided and top != "adsmtl":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
for foreign in ("pandas", "pydantic", "snakemake", "scipy"):
    try:
        __import__(foreign)
        sys.exit(f"{foreign} was not refused")
    except ModuleNotFoundError:
        pass
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def run(*command: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_ten_lines_need_torch_and_numpy_alone():
    printed = run("-c", ALONE, str(EXAMPLES / "ten_lines.py")).splitlines()
    assert len(printed) == 3
    assert all("'digit'" in line and "'parity'" in line for line in printed)


def test_they_are_ten_lines():
    lines = (EXAMPLES / "ten_lines.py").read_text().split("import adsmtl\n")[1].split("\n")
    own = [line for line in lines if "drop" in line or "controller" in line or "tasks" in line]
    assert len([line for line in lines if line.strip()]) <= 13
    assert len(own) <= 10


def test_the_digits_are_learnt_with_every_method():
    printed = run(str(EXAMPLES / "digits.py"), "--seeds", "1", "--epochs", "10").splitlines()
    assert [line.split("  ")[0].strip() for line in printed[:4]] == [
        *("ADSMTL", "no dropout", "fixed 0.2", "swapped")
    ]
    for line in printed[:4]:
        digit, parity = (
            float(part.split()[0]) for part in line.split("digit ")[1].split("parity ")
        )
        assert digit > 85
        assert parity > 85
    assert "last rates" in printed[4]


def test_the_lines_of_the_readme_run():
    text = (EXAMPLES.parent / "README.md").read_text()
    (block,) = re.findall(r"(?ms)^```python\n(.*?)^```", text)
    first, *rest = block.splitlines()
    scope = {"adsmtl": adsmtl, "hidden": torch.ones(8, 128)}
    exec(first, scope)
    scope["model"] = torch.nn.ModuleList([scope["drop"]])
    exec("\n".join(rest), scope)
    assert scope["hidden"].shape == (8, 128)
    assert scope["rates"]["sounds"] < 0.2 < scope["rates"]["images"]


def test_planning_does_not_load_torch():
    code = "import adsmtl, sys; assert 'torch' not in sys.modules; adsmtl.AdaptiveDropout"
    run("-c", code + "; assert 'torch' in sys.modules")
