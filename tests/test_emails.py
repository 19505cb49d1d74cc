"""The real corpus, as the notebooks get it."""

import hashlib
import io
import tarfile

import numpy as np
import pandas as pd
import pytest
from cases import unclear

from synthlab.datasets import download, emails, registry
from synthlab.text import ngrams


def test_corpus_is_what_the_card_says():
    frame = emails.email_frame()
    counts = frame["group"].value_counts().to_dict()
    assert counts == {
        "easy-ham-1": 2465,
        "easy-ham-2": 1387,
        "hard-ham-1": 248,
        "spam-1": 467,
        "spam-2": 1296,
    }


def test_every_message_has_an_id_of_its_own():
    frame = emails.email_frame()
    assert frame["id"].is_unique
    assert set(frame["id"]) <= set(download.messages("spam-assassin"))


def test_collection_marks_are_gone():
    text = emails.email_frame()["body"].str.cat(sep="\n")
    for mark in ("mailman/listinfo", "Yahoo! Groups Sponsor", "taint.org", "DeathToSpam"):
        assert text.count(mark) <= 5, mark


def test_random_split_has_the_promised_size_and_class_shares():
    for seed in (0, 1, 2):
        train, held_out = emails.load_email(random_state=seed)
        assert (len(train), len(held_out)) == (5_000, 863)
        assert abs((train.y == "spam").mean() - (held_out.y == "spam").mean()) < 0.002


def test_no_cluster_is_split():
    cluster = emails.email_frame().set_index("id")["cluster"]
    for split in ("random", "time"):
        train, held_out = emails.load_email(split, random_state=3)
        assert not set(cluster[train.ids]) & set(cluster[held_out.ids])


def test_no_eval_message_stands_in_a_training_message():
    train, held_out = emails.load_email(random_state=5)
    some = held_out.X[:200]
    texts = [*some, *train.X]
    pairs = ngrams.containment_pairs(ngrams.gram_matrix(texts), emails.CLUSTER_CONTAINMENT)
    across = [(a, b) for first, second, _ in pairs for a, b in zip(first, second, strict=True)
              if a < len(some) <= b]  # fmt: skip
    assert across == []


def test_seeds_give_other_splits_and_the_same_seed_the_same():
    ids = [tuple(emails.load_email(random_state=seed)[1].ids) for seed in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]


def test_time_split_trains_on_the_past():
    received = emails.email_frame().set_index("id")["received"]
    earlier, later = emails.load_email("time")
    assert received[earlier.ids].max() <= received[later.ids].min()
    assert (len(earlier), len(later), (later.y == "spam").sum()) == (5_000, 782, 30)


def test_what_cannot_be_split_is_an_error():
    part = "expected a whole number, 2 to 5,861: the corpus has 5,863 messages"
    calls = {
        n: (lambda n=n: emails.load_email(n_train=n), f"n_train={n}: {part}")
        for n in (1, 5_862, 10_000, 2.5, True)
    }
    split, seed = (
        "split='sideways': expected 'random', 'time' or 'pool'",
        "random_state=True: expec",
    )
    calls["split"] = lambda: emails.load_email("sideways"), split
    calls["seed"] = lambda: emails.load_email(random_state=True), seed
    assert unclear(calls) == []


@pytest.fixture
def small_corpus(monkeypatch, tmp_path):
    """Let the corpus be 60 of its messages, in a cache of their own; return the parsed one."""
    raw = download.messages("spam-assassin")
    some = {id: raw[id] for group in ("easy-ham-1", "spam-1") for id in ids_of(raw, group)[:30]}
    names = {id: f"{id}.{hashlib.md5(mail).hexdigest()}" for id, mail in some.items()}
    entry = registry.load_registry()["spam-assassin"]
    entry |= {"manifest_sha256": download.manifest_digest([*names.values()]), "messages": 60}
    monkeypatch.setattr(registry, "load_registry", lambda: {"spam-assassin": entry})
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path))
    with tarfile.open(download.archive_path("spam-assassin"), "w:gz") as tar:
        for id, mail in some.items():
            member = tarfile.TarInfo(f"package/data/{names[id]}.txt")
            member.size = len(mail)
            tar.addfile(member, io.BytesIO(mail))
    emails.email_frame()
    return emails.kept_path()


def ids_of(raw, group):
    return sorted(id for id in raw if id.startswith(group))


def test_a_flipped_bit_in_the_parsed_corpus_changes_nothing(small_corpus, caplog):
    """Most flips leave the file readable and change its content: only a checksum tells."""
    before, whole = emails.email_frame(), small_corpus.read_bytes()
    rng = np.random.default_rng(0)
    for place, bit in zip(rng.integers(len(whole), size=40), rng.integers(8, size=40), strict=True):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << bit
        small_corpus.write_bytes(spoilt)
        pd.testing.assert_frame_equal(emails.email_frame(), before)
        assert small_corpus.read_bytes() == whole
    assert len(caplog.records) == 40
    assert "not as it was written" in caplog.text


@pytest.mark.parametrize("spoil", ["no sidecar", "truncated", "another sidecar", "gone"])
def test_a_broken_cache_is_made_again(small_corpus, spoil):
    before, sidecar = emails.email_frame(), small_corpus.with_name(f"{small_corpus.name}.sha256")
    if spoil == "no sidecar":
        sidecar.unlink()
    elif spoil == "truncated":
        small_corpus.write_bytes(b"PAR1 truncated")
    elif spoil == "gone":
        small_corpus.unlink()
    else:
        sidecar.write_text(f"{'0' * 64}  {small_corpus.name}\n")
    for _ in range(2):
        pd.testing.assert_frame_equal(emails.email_frame(), before)
    assert sidecar.exists()


def test_what_prompts_may_show_is_apart_from_all_that_evaluates_it():
    shown, others = emails.load_email("pool")
    frame = emails.email_frame().set_index("id")
    assert len(shown) == 500
    assert sorted(np.unique(shown.y, return_counts=True)[1]) == [250, 250]
    assert not set(frame["cluster"][shown.ids]) & set(frame["cluster"][others.ids])
    assert len(others) > 4_000
