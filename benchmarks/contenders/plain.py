"""A plain PyTorch training loop: what a competent person writes first."""

from itertools import zip_longest
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks import examples
from benchmarks.contenders import torch_facts
from benchmarks.contenders.plain_model import Cnn, Lstm, MultiTask
from benchmarks.job import LEARNING_RATE, BenchTask, Job

CHANNELS_LAST = "channels last"
COMPILED = "channels last, torch.compile"
# On a processor all cores train; loading beside an accelerator takes some of them.
LOADERS_BESIDE_ACCELERATOR = 4


class _Sequences(Dataset):
    def __init__(self, inputs: list[Tensor], targets: Tensor) -> None:
        self.inputs, self.targets = inputs, targets

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.inputs[index], self.targets[index]


def _padded(items: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Frames `[B, 3, T, bands]` filled up with zeros, classes, lengths."""
    frames = [x.transpose(0, 1) for x, _ in items]
    padded = pad_sequence(frames, batch_first=True).transpose(1, 2)
    targets = torch.stack([target for _, target in items])
    return padded, targets, torch.tensor([len(x) for x in frames])


class PlainContender:
    """`nn.Module`, `DataLoader`, `F.dropout`, `Adam`, and autocast where it pays.

    As written, or with feature maps laid out channels last, or compiled too.
    """

    def __init__(self, job: Job) -> None:
        torch.set_num_threads(job.threads)
        torch.manual_seed(job.seed)
        self.device = torch.device(job.device)
        self.bf16 = job.precision == "bf16"
        self.loaders: dict[str, DataLoader] = {}
        branches = {}
        for name, task in job.tasks.items():
            load = self._images if task.branch == "cnn" else self._sequences
            self.loaders[name], branches[name] = load(task, job)
        self.model = MultiTask(branches).to(self.device)
        self.layout = torch.contiguous_format if job.setting == "" else torch.channels_last
        self.model.to(memory_format=self.layout)
        self.forward = torch.compile(self.model) if job.setting == COMPILED else self.model
        learned = [value for value in self.model.parameters() if value.requires_grad]
        self.optimiser = torch.optim.Adam(learned, lr=LEARNING_RATE)

    def _images(self, task: BenchTask, job: Job) -> tuple[DataLoader, Cnn]:
        inputs, targets, classes = examples.images(task, job.seed)
        data = TensorDataset(torch.from_numpy(inputs), torch.from_numpy(targets))
        _, height, width = inputs.shape[1:]
        return self._loader(data, job), Cnn(height - 2, width - 2, classes)

    def _sequences(self, task: BenchTask, job: Job) -> tuple[DataLoader, Lstm]:
        inputs, targets, classes = examples.sequences(task, job.seed)
        data = _Sequences([torch.from_numpy(x) for x in inputs], torch.from_numpy(targets))
        return self._loader(data, job, _padded), Lstm(inputs[0].shape[2] - 2, classes)

    def _loader(self, data: Dataset, job: Job, collate: Any = None) -> DataLoader:
        """Batches such that every task passes its data once in the same number of steps."""
        cuda = self.device.type == "cuda"
        workers = min(LOADERS_BESIDE_ACCELERATOR, job.threads - 1) if cuda else 0
        return DataLoader(
            data,
            batch_size=-(-len(data) // job.steps) if len(job.tasks) > 1 else job.batch,
            shuffle=True,
            collate_fn=collate,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=cuda,
        )

    def repetition(self) -> dict[str, float]:
        """See `Contender`."""
        self.model.train()
        loss_sum = dict.fromkeys(self.loaders, 0.0)
        right = dict.fromkeys(self.loaders, 0)
        seen = dict.fromkeys(self.loaders, 0)
        for step in zip_longest(*self.loaders.values()):
            total = 0.0
            for name, batch in zip(self.loaders, step, strict=True):
                if batch is None:
                    continue
                x, targets, *rest = batch
                x = x.to(self.device, non_blocking=True, memory_format=self.layout)
                targets = targets.to(self.device, non_blocking=True)
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                    logits = self.forward(name, x, rest[0] if rest else None)
                    loss = F.cross_entropy(logits, targets)
                total = total + loss
                loss_sum[name] += loss.detach() * len(targets)
                right[name] += (logits.argmax(1) == targets).sum()
                seen[name] += len(targets)
            self.optimiser.zero_grad()
            total.backward()
            self.optimiser.step()
        return {name: float(value) / seen[name] for name, value in loss_sum.items()}

    def facts(self) -> dict[str, Any]:
        """See `Contender`."""
        learned = (value for value in self.model.parameters() if value.requires_grad)
        return {
            "parameters": sum(value.numel() for value in learned),
            "device": torch_facts.device_name(self.device),
            "versions": torch_facts.versions(),
        }

    def device_memory(self) -> float | None:
        """See `Contender`."""
        return torch_facts.device_memory(self.device)
