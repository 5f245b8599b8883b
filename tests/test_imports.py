"""Whoever follows the data walks forward: no module imports, at its head, what imports it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import adsmtl

PACKAGE = Path(adsmtl.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}


def imported(path: Path) -> set[str]:
    """Modules of the package that a module imports at its head, types alone left out."""
    found = set()
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                full = f"{statement.module}.{alias.name}"
                found.add(full if full in MODULES else statement.module)
        elif isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
    return found & MODULES.keys()


def test_no_module_imports_what_imports_it():
    graph = {name: imported(path) - {name} for name, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 200
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError where there is one
    assert order.index("adsmtl.training.engine") < order.index("adsmtl.running.session")
    assert order.index("adsmtl.collected.reading") < order.index("adsmtl.claims.ledger")


def test_the_training_core_knows_nothing_of_the_workflow():
    foreign = ("snakemake", "mlflow", "dvc", "pydantic", "pandas", "ruamel", "yaml")
    for folder in ("training", "tasks", "dropout", "weighting"):
        for path in (PACKAGE / folder).rglob("*.py"):
            names = {
                name
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for name in (
                    [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else [alias.name for alias in node.names]
                )
            }
            assert not [name for name in names if name.split(".")[0] in foreign], path
            assert not [name for name in names if name.startswith("adsmtl.running")], path
