"""`python -m benchmarks.scale`: memory and speed of preparing speech, from 1 to 100 hours of it.

What is aligned of LibriSpeech's dev-clean is repeated under the names of other speakers, through
links, until it has so many hours; a process of its own prepares it from there, and all is deleted
again. The repeated alignments are taken from the table of the real ones, since their digest does
not depend on names. Speeds are over processor time of one thread, so that other work on the machine
changes them little. Writes docs/scale.md, and scale.json beside it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from adsmtl import files, paths
from adsmtl.data.corpora import librispeech, librispeech_files
from adsmtl.data.corpora.librispeech_files import Recording
from adsmtl.data.fetch.extract import extract
from adsmtl.data.speech.features import BANDS, HOP, SAMPLE_RATE
from adsmtl.errors import UserError
from adsmtl.isolated import search_path

SUBSET = "dev-clean"
HOURS = (1.0, 10.0, 100.0)
ALIGNED = 40  # utterances that are aligned again for the speed
FRAME_BYTES = 4 * 3 * BANDS
STEP = 10_000  # between the numbers of a speaker and of a copy of him


class Source(NamedTuple):
    """An utterance that is repeated."""

    recording: Recording
    row: Mapping[str, Any]  # of the table of alignments


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 if it went through, 2 if the data cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    shelf = paths.RAW / "librispeech" / SUBSET
    parser.add_argument("--hours", type=float, nargs="+", default=HOURS)
    parser.add_argument("--raw", type=Path, default=shelf, help="archive and alignments.jsonl")
    parser.add_argument("--scratch", type=Path, default=paths.PREPARED, help="on a disk with room")
    parser.add_argument("--out", type=Path, default=paths.DOCS)
    options = parser.parse_args(arguments)
    try:
        measured = measure(options.raw, options.scratch, options.hours)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    files.write_json(options.out / "scale.json", measured)
    files.write_text(options.out / "scale.md", page(measured))
    return 0


def measure(raw: Path, scratch: Path, hours: Sequence[float]) -> dict[str, Any]:
    """What docs/scale.md shows.

    Args:
        raw: folder of the archive and its table of alignments.
        scratch: folder that has room for the features of the longest corpus.
        hours: of speech, a corpus each.

    Raises:
        UserError: archive or table are missing, or the disk has too little room.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".scale-") as folder:
        own = Path(folder)
        needed = max(hours) * 3600 * SAMPLE_RATE / HOP * FRAME_BYTES * 1.1
        if shutil.disk_usage(own).free < needed:
            raise UserError(f"{scratch} needs {needed / 1e9:.0f} GB; name another --scratch")
        sources = _sources(raw, own / "source")
        told = [json.dumps([str(one.recording.audio), one.recording.text]) for one in sources]
        (own / "align.jsonl").write_text("\n".join(told[:ALIGNED]) + "\n", encoding="utf-8")
        return {
            "machine": _machine(),
            "utterances": len(sources),
            "alignment": _child("align", own / "align.jsonl"),
            "preparation": [_prepared(sources, own / f"{goal:g}", goal) for goal in hours],
        }


def _sources(raw: Path, folder: Path) -> list[Source]:
    archives = sorted(raw.glob("*.tar.gz"))
    table = raw / librispeech.ALIGNMENTS
    if not archives or not table.is_file():
        raise UserError(
            f"{raw} lacks an archive or its alignments; run `adsmtl prepare librispeech`"
        )
    extract(archives[0], folder)
    rows = {row["name"]: row for row in map(json.loads, table.open("rb")) if "failed" not in row}
    found = [
        Source(one, rows[one.name])
        for one in librispeech_files.recordings(folder, SUBSET)
        if one.name in rows
    ]
    if not found:
        raise UserError(f"{table} has no aligned utterance; run `adsmtl prepare librispeech`")
    return found


def _prepared(sources: Sequence[Source], folder: Path, hours: float) -> dict[str, Any]:
    """Build a corpus of so many hours, prepare it in another process, and delete it."""
    folder.mkdir()
    count = _write_corpus(sources, folder, hours)
    found = _child("prepare", folder)
    written = sum(path.stat().st_size for path in (folder / "out").iterdir())
    shutil.rmtree(folder)
    return {"hours": hours, "utterances": count, "bytes": written, **found}


def _write_corpus(sources: Sequence[Source], folder: Path, hours: float) -> int:
    """Links, transcripts, speakers and alignments in `folder`; how many utterances there are."""
    speakers: dict[str, str] = {}
    texts: dict[Path, list[str]] = {}
    count = 0
    with (folder / librispeech.ALIGNMENTS).open("w", encoding="utf-8") as table:
        for copy, one in _repeated(sources, hours):
            number, chapter, sentence = one.recording.name.split("-")
            number = str(int(number) + STEP * copy)
            speakers[number] = (
                "FM"[len(speakers) % 2] if number not in speakers else speakers[number]
            )
            place = folder / "LibriSpeech" / SUBSET / number / chapter
            place.mkdir(parents=True, exist_ok=True)
            name = f"{number}-{chapter}-{sentence}"
            os.symlink(one.recording.audio.resolve(), place / f"{name}{one.recording.audio.suffix}")
            lines = texts.setdefault(place / f"{number}-{chapter}.trans.txt", [])
            lines.append(f"{name} {one.recording.text}\n")
            table.write(json.dumps({**one.row, "name": name}) + "\n")
            count += 1
    for path, lines in texts.items():
        path.write_text("".join(lines), encoding="utf-8")
    listed = [f"{number} | {sex} | {SUBSET}\n" for number, sex in speakers.items()]
    (folder / "LibriSpeech" / "SPEAKERS.TXT").write_text("".join(listed), encoding="utf-8")
    return count


def _repeated(sources: Sequence[Source], hours: float) -> Iterator[tuple[int, Source]]:
    """Copies of all sources, one after the other, until they last so long."""
    left, copy = hours * 3600 * SAMPLE_RATE, 0
    while True:
        for one in sources:
            if left <= 0:
                return
            yield copy, one
            left -= one.row["samples"]
        copy += 1


def _child(task: str, path: Path) -> dict[str, Any]:
    """What a process of its own answers; its messages go to this one's."""
    command = [sys.executable, "-m", "benchmarks.scale_child", task, str(path)]
    here = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{search_path(os.environ)}"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _machine() -> dict[str, Any]:
    names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((line.partition(": ")[2] for line in names if line.startswith("model name")), "?")
    load = round(os.getloadavg()[0], 1)
    return {"name": name, "cores": os.cpu_count(), "load": load, "date": time.strftime("%Y-%m-%d")}


def page(measured: Mapping[str, Any]) -> str:
    """docs/scale.md."""
    machine, aligned = measured["machine"], measured["alignment"]
    first, last = measured["preparation"][0], measured["preparation"][-1]
    rows = [
        f"| {one['hours']:g} | {one['utterances']:,} | {one['segments']:,} | "
        f"{one['bytes'] / 1e9:.2f} | {one['loaded_mib']:.0f} | {one['peak_mib']:.0f} | "
        f"{one['cpu_s']:.0f} | {one['hours'] / one['features_cpu_s'] * 60:.1f} |"
        for one in measured["preparation"]
    ]
    return "\n".join(
        [
            "# Preparing many hours of speech",
            "",
            "Written by `make scale`.",
            "",
            f"{measured['utterances']} aligned utterances of LibriSpeech's {SUBSET} were repeated "
            "under other speakers' names; all was",
            "on disk and was deleted afterwards. One measurement each (n = 1), on "
            f"{machine['name']}, {machine['cores']} cores,",
            f"load average {machine['load']} before, {machine['date']}. Times are processor time "
            "of one thread.",
            "",
            "| hours | utterances | segments | GB written | MiB, libraries loaded | MiB at most | "
            "processor s | hours of speech per minute and core, features |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"From {first['hours']:g} to {last['hours']:g} hours, peak memory grew by "
            f"{last['peak_mib'] - first['peak_mib']:.0f} MiB: "
            f"{_each(first, last):.1f} KiB for each further utterance.",
            "",
            f"**Alignment**: {aligned['hours_per_minute']:.2f} hours of speech per minute and core "
            f"({aligned['utterances']} utterances, {aligned['seconds']:.0f} s of speech, in",
            f"{aligned['cpu_s']:.0f} s of processor time). Each process held "
            f"{aligned['peak_mib'][0]:.0f} MiB after a quarter of them and "
            f"{aligned['peak_mib'][-1]:.0f} MiB at the end.",
            "",
            "**Training** opens the arrays as memory maps, but the engine copies all frames of a "
            "corpus to the device's",
            "memory when it begins (`training/batches.py`), so the frames of a corpus have to fit "
            "there, about 0.17 GB an hour.",
            "",
        ]
    )


def _each(first: Mapping[str, Any], last: Mapping[str, Any]) -> float:
    more = last["utterances"] - first["utterances"]
    return 1024 * (last["peak_mib"] - first["peak_mib"]) / more if more else 0.0


if __name__ == "__main__":
    sys.exit(main())
