"""The processes that `benchmarks.scale` measures: `align <file>` and `prepare <folder>`."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from adsmtl.data.corpora import librispeech
from adsmtl.data.corpora.librispeech_files import read_audio
from adsmtl.data.prepared import load
from adsmtl.data.speech import features
from adsmtl.data.speech.aligner import Aligner
from adsmtl.data.speech.alignments import Spoken
from adsmtl.data.speech.pronunciation import words_of
from benchmarks.scale import SUBSET
from benchmarks.worker import peak_rss

SOURCE = dict.fromkeys(("name", "origin", "sha256", "provenance", "licence"), "repeated")


def align(path: Path) -> dict[str, Any]:
    """Align the utterances of a file in this process: speech, processor time, memory by quarter."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    spoken = [Spoken(audio, text, Path(audio)) for audio, text in lines]
    aligner = Aligner(librispeech.pronunciations(spoken))
    quarters = {round(len(spoken) * part / 4) for part in (1, 2, 3, 4)}
    seconds, spent, peaks = 0.0, 0.0, []
    for number, one in enumerate(spoken, start=1):
        samples = read_audio(one.path)
        began = time.process_time()
        aligner.align(samples, words_of(one.text))  # it went well before
        spent += time.process_time() - began
        seconds += len(samples) / features.SAMPLE_RATE
        if number in quarters:
            peaks.append(round(peak_rss()))
    return {
        "utterances": len(spoken),
        "seconds": seconds,
        "cpu_s": spent,
        "hours_per_minute": seconds / 3600 / (spent / 60),
        "peak_mib": peaks,
    }


def prepare(folder: Path) -> dict[str, Any]:
    """Prepare the aligned corpus in a folder: memory before and at most, processor time."""
    with features.one_thread():
        features.utterance(read_audio(next(folder.rglob(f"{SUBSET}/*/*/*.[mf]*"))))
    loaded, began, wall = peak_rss(), time.process_time(), time.perf_counter()
    part = librispeech.part_of(SUBSET, folder, folder, processes=1)
    read = time.process_time()
    (folder / "out").mkdir()
    librispeech.write(folder / "out", "repeated", [part], [SOURCE])
    ended, peak = time.process_time(), peak_rss()
    return {
        "segments": len(load(folder / "out")),
        "loaded_mib": loaded,
        "peak_mib": peak,
        "cpu_s": ended - began,
        "features_cpu_s": ended - read,
        "wall_s": time.perf_counter() - wall,
    }


if __name__ == "__main__":
    print(json.dumps({"align": align, "prepare": prepare}[sys.argv[1]](Path(sys.argv[2]))))
