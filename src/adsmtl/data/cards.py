"""Write a prepared folder: arrays, then the card that describes and seals them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adsmtl import files, seals
from adsmtl.data.folds import TEST, TRAIN, VALIDATION
from adsmtl.data.prepared import Card


class Stream(NamedTuple):
    """Blocks that are made one by one, of an array whose shape is known before."""

    blocks: Iterable[np.ndarray]
    shape: tuple[int, ...]
    dtype: type


def write(
    folder: Path,
    card: Card,
    *,
    inputs: Sequence[np.ndarray] | Stream,
    targets: Mapping[str, np.ndarray],
    groups: np.ndarray | None = None,
    spans: np.ndarray | None = None,
    split: np.ndarray | None = None,
) -> Card:
    """Write everything that `docs/formats.md` asks for into `folder`; card and seal come last.

    Args:
        folder: an existing (temporary) folder.
        card: all keys but `examples`, `counts`, `split`, `files` and `digest`, added here.
        inputs: blocks that, one after the other, are `inputs.npy`; a stream where they would not
            fit in memory together.
        targets: name -> class of each example `[N]`.
        groups: speaker of each example `[N]`, -1 where it has none; None where none has one.
        spans: `[N, 2]`, speech only.
        split: `[N]`, only where the split is fixed.
    """
    examples = len(next(iter(targets.values())))
    groups = np.full(examples, -1) if groups is None else groups
    save(folder / "inputs.npy", inputs)
    for name, values in targets.items():
        save(folder / f"target.{name}.npy", [values.astype(np.int64)])
    save(folder / "groups.npy", [groups.astype(np.int64)])
    if spans is not None:
        save(folder / "spans.npy", [spans.astype(np.int64)])
    if split is not None:
        save(folder / "split.npy", [split.astype(np.int8)])
    digests = {path.name: files.sha256(path) for path in sorted(folder.glob("*.npy"))}
    whole: Card = {
        **card,
        "examples": examples,
        "split": "folds" if split is None else "fixed",
        "counts": count(card, targets, split),
        "files": digests,
        "digest": files.digest(digests),
    }
    files.write_text(folder / "card.md", markdown(whole))
    files.write_json(folder / "card.json", whole)
    seals.write(folder, digests | {"card.json": files.sha256(folder / "card.json")})
    return whole


def save(path: Path, blocks: Sequence[np.ndarray] | Stream) -> None:
    """Write blocks one after the other as a single .npy array.

    `numpy.save` hides the reason when the disk fills up (an OSError without a number); plain
    writes keep it.

    Raises:
        ValueError: the blocks of a stream are not as many as it says.
    """
    if not isinstance(blocks, Stream):
        first = blocks[0]
        shape = (sum(len(block) for block in blocks), *first.shape[1:])
        blocks = Stream(blocks, shape, first.dtype)
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(blocks.dtype)),
        "fortran_order": False,
        "shape": blocks.shape,
    }
    length = 0
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks.blocks:
            length += len(block)
            if block.size:
                stream.write(np.ascontiguousarray(block).data)
    if length != blocks.shape[0]:
        raise ValueError(f"{path.name} has {length} rows, not {blocks.shape[0]}")


def count(
    card: Card, targets: Mapping[str, np.ndarray], split: np.ndarray | None
) -> dict[str, dict[str, dict[str, int]]]:
    """Examples per target, split and class; with folds only `all`, since the split varies."""
    parts = {"all": slice(None)}
    if split is not None:
        named = {"train": TRAIN, "val": VALIDATION, "test": TEST}
        parts = {name: split == part for name, part in named.items()} | parts
    return {
        name: {
            part: _per_class(values[chosen], card["targets"][name]["classes"])
            for part, chosen in parts.items()
        }
        for name, values in targets.items()
    }


def _per_class(values: np.ndarray, classes: Sequence[str]) -> dict[str, int]:
    return dict(zip(classes, np.bincount(values, minlength=len(classes)).tolist(), strict=True))


def markdown(card: Card) -> str:
    """The card for people."""
    source = card["source"]
    shape = " x ".join(map(str, card["input"]["shape"]))
    lines = [
        f"# {card['title']}",
        "",
        f"- data set: `{card['dataset']}` ({card['kind']}), {card['examples']:,} examples",
        f"- input: {shape} {card['input']['dtype']}; {card['input']['units']}",
        f"- source: {source['name']}, {source['origin']}, SHA-256 `{source['sha256']}`",
        f"- provenance and what differs from upstream: {source['provenance']}",
        f"- licence: {source['licence']}",
        f"- digest: `{card['digest']}`",
    ]
    if "normalisation" in card:
        mean, std = (
            ", ".join(f"{value:.4f}" for value in card["normalisation"][key])
            for key in ("mean", "std")
        )
        lines.append(f"- channels of the training split: mean {mean}; standard deviation {std}")
    lines += [f"- {note}" for note in card.get("notes", [])]
    lines += ["", "![A row of examples per class](samples.png)"]
    for name, parts in card["counts"].items():
        lines += ["", f"## Target `{name}`", ""]
        foldings = card["targets"][name].get("foldings", {})
        for folding, detail in foldings.items():
            lines += [f"Also scored on {len(detail['classes'])} classes (`{folding}`).", ""]
        rows = [[name, *(own[name] for own in parts.values())] for name in parts["all"]]
        rows.append(["**sum**", *(sum(own.values()) for own in parts.values())])
        lines += _table(["class", *parts], rows)
    if "folds" in card:
        lines += ["", "## Folds", "", "Speakers in neither column train.", ""]
        rows = [
            [number, ", ".join(fold["test"]), ", ".join(fold["val"])]
            for number, fold in enumerate(card["folds"])
        ]
        lines += _table(["fold", "test", "validation"], rows)
    lines += ["", "## Files", ""]
    lines += _table(["file", "SHA-256"], [[f"`{k}`", f"`{v}`"] for k, v in card["files"].items()])
    return "\n".join(lines) + "\n"


def _table(header: list, rows: list[list]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]
