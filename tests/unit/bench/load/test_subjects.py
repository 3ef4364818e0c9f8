"""Which subject a workload is done on."""

from __future__ import annotations

import pytest
from actum_bench.load import subjects
from actum_bench.load.subjects import Domain, NoSubjectError, subject_of
from actum_bench.load.workloads import WORKLOADS

PAIRS: list[tuple[str, Domain]] = [
    (letter, domain)
    for letter, mix in WORKLOADS.items()
    for domain in ("bank", "shop")
    if domain in mix.subjects
]  # fmt: skip


@pytest.mark.parametrize(("letter", "domain"), PAIRS)
def test_every_workload_has_its_subject(letter: str, domain: Domain) -> None:
    """What a workload says it can be done on, it can be done on, and something is there to be filled."""
    assert any(subject_of(WORKLOADS[letter], domain)(10).filling())


def test_twenty_views_are_of_the_bank_only() -> None:
    """A workload for one domain is refused on the other, with a sentence."""
    with pytest.raises(NoSubjectError, match="workload h is for the bank only"):
        subject_of(WORKLOADS["h"], "shop")


def test_without_a_checkout_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the shop can't be imported the error says where it would be."""

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(subjects, "import_module", missing)
    with pytest.raises(NoSubjectError, match="part of the checkout"):
        subject_of(WORKLOADS["a"], "shop")
