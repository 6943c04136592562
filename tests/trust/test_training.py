"""The trust model learns a law that is there, promises no more than comes, and does not know what it was not shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from compute.trust.baselines import BASELINES
from compute.trust.calibration import auroc, brier, reliability
from compute.trust.features import EVIDENCE
from compute.trust.left_out import left_out, rounds
from compute.trust.model import NoTrust, TrustModel, read, trust, write
from compute.trust.next_runs import chosen_for_variance, replay
from compute.trust.training import train
from tests.trust.invented import ROUGH, SMOOTH, data


@pytest.fixture(scope="module")
def known():
    return data()


@pytest.fixture(scope="module")
def model(known) -> TrustModel:
    return train(known, "test", folds=4)


@pytest.fixture(scope="module")
def out(known):
    """Answers about every third element on B, and the labels that they are about."""
    asked = rounds(known, "B")[::3]
    answers, rows = left_out(known, "B", asked), np.isin(known.b, asked)
    trusts, bounds = ({k: v[rows] for k, v in part.items()} for part in (answers.trusts, answers.bounds))
    return replace(answers, data=known.chosen(rows), trusts=trusts, bounds=bounds)


def test_it_tells_errors_better_than_votes_where_chemistry_decides(out):
    right = out.data.right
    area = {name: auroc(-answer, ~right) for name, answer in out.trusts.items()}
    assert area["committee"] > area["vote split"] + 0.05
    assert area["committee"] > area["margin alone"]
    assert area["class prior"] == pytest.approx(0.6, abs=0.1)  # it knows which potential is the rougher
    assert brier(out.trusts["committee"], right) < min(brier(out.trusts[name], right) for name in BASELINES)


def test_what_it_states_comes_true_for_elements_it_has_not_seen(out):
    assert reliability(out.trusts["committee"], out.data.right).error < 0.06
    for kind in EVIDENCE:
        covered = np.mean(np.abs(out.data.error_thz) <= out.bounds[kind])
        assert covered == pytest.approx(0.9, abs=0.06)  # of 112 compounds


def test_the_rough_potential_is_trusted_less_and_its_interval_is_wider(known, model):
    for name, of in (("trust", "stable"), ("bound", "bound")):
        mean = {}
        for potential in (ROUGH, SMOOTH):
            own = known.chosen(known.potentials == potential)
            value = getattr(model.evidence["committee"], of)(own.features, own.potentials)
            mean[potential] = np.mean(trust(value, own.says_stable)) if name == "trust" else np.median(value)
        assert (mean[SMOOTH] > mean[ROUGH]) == (name == "trust")


def test_an_answer_for_a_compound_never_depends_on_dft_of_its_own_element(known, model):
    pb = known.b == "Pb"
    lied = replace(
        known,
        dft_stable=np.where(pb, ~known.dft_stable, known.dft_stable),
        error_thz=np.where(pb, 9.0, known.error_thz),
    )
    other = train(lied, "test", folds=4)
    asked = known.chosen(pb)
    for found, same in ((known, True), (lied, False)):
        assert np.array_equal(found.dft_stable, known.dft_stable) == same
    before, after = (m.without("Pb", "committee").logit.value(asked.features, asked.potentials) for m in (model, other))
    assert after == pytest.approx(before, abs=1e-9)
    whole = [m.evidence["committee"].logit.value(asked.features, asked.potentials) for m in (model, other)]
    assert np.abs(whole[1] - whole[0]).max() > 0.1


def test_the_file_is_plain_json_and_gives_the_same_answers(known, model, tmp_path):
    write(model, tmp_path)
    again = read(tmp_path)
    for kind, evidence in model.evidence.items():
        for answer in ("stable", "bound"):
            values = [getattr(m, answer)(known.features, known.potentials) for m in (evidence, again.evidence[kind])]
            assert values[1] == pytest.approx(values[0], rel=1e-3, abs=1e-4)
    (tmp_path / "trust.json").write_text("{}", encoding="utf-8")
    with pytest.raises(NoTrust, match="softmode trust train"):
        read(tmp_path)
    (tmp_path / "trust.json").unlink()
    with pytest.raises(NoTrust, match="softmode trust train"):
        read(tmp_path)


def test_numpy_applies_what_scikit_learn_fitted(known, model):
    linear = model.evidence["composition"].logit
    given = linear.standardised(known.features)
    _, first, counts = np.unique(known.compounds, return_inverse=True, return_counts=True)
    fitted = LogisticRegression(C=1.0, solver="newton-cholesky").fit(
        given, known.dft_stable, sample_weight=1 / counts[first]
    )
    assert linear.value(known.features, known.potentials) == pytest.approx(fitted.decision_function(given), abs=1e-6)


def test_a_missing_feature_counts_as_its_mean_and_an_unknown_potential_as_the_shared_one(known, model):
    linear = model.evidence["committee"].logit
    one = known.features.iloc[:1]
    without, at_mean = one.assign(noise=np.nan), one.assign(noise=linear.mean[linear.names.index("noise")])
    name = np.array([SMOOTH])
    assert linear.value(without, name) == pytest.approx(linear.value(at_mean, name))
    shared = linear.model_copy(update={"deviations": {}})
    assert linear.value(one, np.array(["new"])) == pytest.approx(shared.value(one, name))


def test_features_that_no_row_has_are_named_and_left_out(model):
    assert {"undecidable", "cusp", "comparable", "strain"} <= set(model.missing["committee"])
    assert not set(model.missing["committee"]) & set(model.evidence["committee"].logit.names)


def test_the_next_run_is_the_one_that_settles_most():
    known = np.column_stack([np.ones(50), np.linspace(-0.1, 0.1, 50)])
    matter = np.column_stack([np.ones(20), np.linspace(-2, 2, 20)])
    offered = np.array([[1.0, 0.0], [1.0, 2.0], [1.0, -2.0], [1.0, 2.0]])
    places, gains = chosen_for_variance(offered, matter, known, np.zeros(2), 3)
    assert places[0] in (1, 2, 3)  # far out along the slope that nothing has measured
    assert list(gains) == sorted(gains, reverse=True)
    assert 0 not in places


def test_a_replay_starts_all_strategies_alike_and_ends_with_less_error(known, monkeypatch):
    from compute.trust import next_runs

    for name, value in (("START", 30), ("BATCH", 20), ("STEPS", 4)):
        monkeypatch.setattr(next_runs, name, value)
    found = replay(known, iter(range(3)))
    starts = [scores[:, 0] for scores in found.brier.values()]
    assert starts[0] == pytest.approx(starts[1])
    assert starts[0] == pytest.approx(starts[2])
    assert all(scores[:, -1].mean() < scores[:, 0].mean() for scores in found.brier.values())
    assert found.n.tolist() == [30, 50, 70, 90, 110]
