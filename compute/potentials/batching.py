"""Several calculations at once, whose force calls become common batches.

Each calculation is written as if it were alone. It runs until it asks for forces; when all have asked, one call of
the potential answers them all, in the order of the calculations. Nothing depends on timing: the same calculations
together give the same digits again, and what a calculation does with its forces is no business of the others.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from greenlet import getcurrent, greenlet

from compute.potentials.interface import Evaluation, EvaluationError, Potential

if TYPE_CHECKING:
    from ase import Atoms

T = TypeVar("T")
Answer = list[Evaluation] | Exception


@dataclass(frozen=True)
class Finished(Generic[T]):
    """What calculation number `index` returned; `seconds` are its own and its share of the common force calls, which
    is `force_seconds`, in proportion to its atoms."""

    index: int
    value: T
    seconds: float
    force_seconds: float


@dataclass(frozen=True)
class _Question:
    potential: Potential
    structures: Sequence[Atoms]
    stress: bool

    @property
    def atoms(self) -> int:
        return sum(len(structure) for structure in self.structures)


@dataclass
class _Member:
    index: int
    running: greenlet
    seconds: float = 0.0
    force_seconds: float = 0.0


class Pooled:
    """`potential` for calculations that run `together`: a force call waits for those of the others."""

    def __init__(self, potential: Potential):
        self._potential = potential
        self.id, self.checkpoint_sha256 = potential.id, potential.checkpoint_sha256
        self.dtype, self.device = potential.dtype, potential.device

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """As of the potential itself."""
        answer: list[Evaluation] | Exception = getcurrent().parent.switch(
            _Question(self._potential, structures, stress)
        )
        if isinstance(answer, Exception):
            raise answer
        return answer


def together(calculations: Sequence[Callable[[], T]]) -> Iterator[Finished[T]]:
    """Run `calculations` side by side, yielding each as it ends; an exception that one lets out ends all."""
    asked: list[tuple[_Member, _Question]] = []
    turns: list[tuple[_Member, Answer | None]] = [
        (_Member(index, greenlet(calculation)), None) for index, calculation in enumerate(calculations)
    ]
    while turns:
        for member, answer in turns:
            start = time.perf_counter()
            said = member.running.switch() if answer is None else member.running.switch(answer)
            member.seconds += time.perf_counter() - start
            if member.running.dead:
                yield Finished(member.index, said, member.seconds + member.force_seconds, member.force_seconds)
            else:
                asked.append((member, said))
        turns, asked = _answered(asked), []


def _answered(asked: Sequence[tuple[_Member, _Question]]) -> list[tuple[_Member, Answer | None]]:
    """Every member with its answer, in order; the time goes onto their accounts."""
    groups: dict[tuple[int, bool], list[tuple[_Member, _Question]]] = defaultdict(list)
    for member, question in asked:
        groups[id(question.potential), question.stress].append((member, question))
    answers: dict[int, Answer] = {}
    for group in groups.values():
        start = time.perf_counter()
        found = _common([question for _, question in group])
        seconds, atoms = time.perf_counter() - start, sum(question.atoms for _, question in group)
        for (member, question), answer in zip(group, found, strict=True):
            member.force_seconds += seconds * question.atoms / max(atoms, 1)
            answers[member.index] = answer
    return [(member, answers[member.index]) for member, _ in asked]


def _common(questions: Sequence[_Question]) -> list[Answer]:
    """One answer per question, of the same potential; an error goes to the one whose structures it comes from."""
    potential, stress = questions[0].potential, questions[0].stress
    structures = [structure for question in questions for structure in question.structures]
    try:
        results = iter(potential.evaluate(structures, stress=stress))
    except EvaluationError as error:
        return [error] if len(questions) == 1 else [_common([question])[0] for question in questions]
    except Exception as error:  # noqa: BLE001  whatever it was, it is raised again in every calculation that asked
        return [error] * len(questions)
    return [[next(results) for _ in question.structures] for question in questions]
