"""Write a prepared folder: arrays, then the card that describes and seals them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from adsmtl import files, seals
from adsmtl.data.folds import TEST, TRAIN, VALIDATION
from adsmtl.data.prepared import Card

PIECE = 1 << 17  # rows of an array that are in memory at once, where they come from disk


class Rows(Protocol):
    """An array `[N, …]`, or what gives pieces of one."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice) -> np.ndarray: ...


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
    targets: Mapping[str, Rows],
    groups: Rows | None = None,
    spans: Rows | None = None,
    split: Rows | None = None,
) -> Card:
    """Write everything that `docs/formats.md` asks for into `folder`; card and seal come last.

    Args:
        folder: an existing (temporary) folder.
        card: all keys but `examples`, `counts`, `split`, `files` and `digest`, added here.
        inputs: blocks that, one after the other, are `inputs.npy`; a stream where they would not
            fit in memory together.
        targets: name -> class of each example `[N]`.
        groups: speaker of each example `[N]`, -1 where it has none; None where none has one.
            Like targets, spans and split, an array or what reads one from disk.
        spans: `[N, 2]`, speech only.
        split: `[N]`, only where the split is fixed.
    """
    examples = len(next(iter(targets.values())))
    groups = np.full(examples, -1) if groups is None else groups
    save(folder / "inputs.npy", inputs)
    for name, values in targets.items():
        save(folder / f"target.{name}.npy", _streamed(values, np.int64))
    save(folder / "groups.npy", _streamed(groups, np.int64))
    if spans is not None:
        save(folder / "spans.npy", _streamed(spans, np.int64))
    if split is not None:
        save(folder / "split.npy", _streamed(split, np.int8))
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


def _streamed(values: Rows, dtype: type) -> Stream:
    """An array piece by piece."""
    blocks = (piece.astype(dtype, copy=False) for piece in _pieces(values))
    return Stream(blocks, (len(values), *values[:0].shape[1:]), dtype)


def _pieces(values: Rows) -> Iterator[np.ndarray]:
    for start in range(0, len(values), PIECE):
        yield values[start : start + PIECE]


def count(
    card: Card, targets: Mapping[str, Rows], split: Rows | None
) -> dict[str, dict[str, dict[str, int]]]:
    """Examples per target, split and class; with folds only `all`, since the split varies."""
    return {
        name: _per_class(values, split, card["targets"][name]["classes"])
        for name, values in targets.items()
    }


def _per_class(values: Rows, split: Rows | None, classes: Sequence[str]) -> dict:
    parts = {} if split is None else {"train": TRAIN, "val": VALIDATION, "test": TEST}
    counts = np.zeros((len(parts) + 1, len(classes)), np.int64)  # the last is of all
    for start in range(0, len(values), PIECE):
        piece = values[start : start + PIECE]
        own = None if split is None else split[start : start + PIECE]
        for row, part in enumerate(parts.values()):
            counts[row] += np.bincount(piece[own == part], minlength=len(classes))
        counts[-1] += np.bincount(piece, minlength=len(classes))
    rows = zip([*parts, "all"], counts.tolist(), strict=True)
    return {part: dict(zip(classes, row, strict=True)) for part, row in rows}


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
    if "audio" in card:
        hours = sum(card["audio"]["seconds"]) / 3600
        lines.append(
            f"- speech: {hours:.2f} hours, {card['audio']['utterances']:,} utterances, "
            f"{len(card['groups'])} speakers"
        )
    if "credit" in card:
        lines.append(f"- examples may be passed on with this credit: {card['credit']}")
    if "clip" in card:
        lines.append(f"- to listen to: [{card['clip']['words']}]({card['clip']['file']})")
    if "normalisation" in card:
        mean, std = (
            ", ".join(f"{value:.4f}" for value in card["normalisation"][key])
            for key in ("mean", "std")
        )
        lines.append(f"- channels of the training split: mean {mean}; standard deviation {std}")
    lines += [f"- {note}" for note in card.get("notes", [])]
    lines += [
        *("", "![A row of examples per class](samples.png)"),
        *("", "![An example of each class](examples.png)"),
        *("", "![The mean of each class that has enough examples](means.png)"),
        *("", "![Examples and durations of each class](classes.png)"),
    ]
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
