"""Planted copies are found, natural likeness is not, and the report tells no one's mail."""

import re

import numpy as np
import pandas as pd
import pytest
from cases import failing, refusal, unclear
from hypothesis import given, settings
from hypothesis import strategies as st

import synthlab as sl
from synthlab.checks import roles
from synthlab.checks.contamination import check_contamination
from synthlab.dataset import Dataset
from synthlab.errors import ContaminationError, InputError

STEADY = settings(deadline=None, derandomize=True, max_examples=25)
N_EVAL = 300


def texts(rows, origin="real", **options):
    labels = np.resize(["ham", "spam"], len(rows))
    return Dataset(pd.Series(rows, dtype="str"), labels, origin, **options)


def table(rows, origin="real"):
    return Dataset(rows, np.resize(["no", "yes"], len(rows)), origin)


def message(start, n=30):
    """Return n words that no message with a start further than n away shares."""
    return " ".join(f"w{i}" for i in range(start, start + n))


def messages(start, count=8):
    return [message(start + 100 * i) for i in range(count)]


def small_trio(synth=()):
    """Return unrelated texts with ids, and further synthetic rows."""
    return (
        texts(messages(0), ids=[f"t{i}" for i in range(8)], name="inbox"),
        texts([*messages(10_000), *synth], "synthetic", name="fakes"),
        texts(messages(20_000), ids=[f"e{i}" for i in range(8)], name="later"),
    )


def line(report, first, second):
    summary = report.counts.set_index(["first", "second"])
    return summary.loc[(first, second)]


# --- texts: what must be found -------------------------------------------------------------


@pytest.fixture(scope="module")
def mail():
    """Real training and eval messages, fewer than there are."""
    real_train, real_eval = sl.load_email(random_state=0)
    some = np.random.default_rng(0).permutation(len(real_eval))[:N_EVAL]
    return real_train.take(np.arange(400)), real_eval.take(some)


@pytest.fixture(scope="module")
def machine_mail():
    return sl.load_llm_email("smollm")


def one_word_in_twenty(text, rng, filler):
    words = re.split(r"(\s+)", text)  # every second piece is white space
    for at in range(2 * int(rng.integers(20)), len(words), 40):
        words[at] = f"zq{rng.integers(1_000_000)}"
    return "".join(words)


def inside_a_long_message(text, rng, filler):
    parts = rng.choice(filler, 6).tolist()
    return "\n".join([*parts[:3], text, *parts[3:]])


def changed_inside_a_long_message(text, rng, filler):
    return inside_a_long_message(one_word_in_twenty(text, rng, filler), rng, filler)


DISGUISES = {
    "other case": lambda text, rng, filler: text.swapcase(),
    "other white space": lambda text, rng, filler: " \n\t".join(text.split()),
    "one word in twenty": one_word_in_twenty,
    "inside a long message": inside_a_long_message,
    "changed, inside a long message": changed_inside_a_long_message,
}


def test_planted_copies_are_found(mail, machine_mail):
    real_train, real_eval = mail
    filler = machine_mail.X[:1000].to_numpy()

    def holds(disguised):
        rng = np.random.default_rng(1)
        copies = [disguised(text, rng, filler) for text in real_eval.X]
        report = check_contamination(real_train, texts(copies, "synthetic"), real_eval)
        assert report.is_contaminated
        assert len(report.leaked_eval_rows) >= 0.95 * N_EVAL
        assert len(report.leaked_synth_rows) >= 0.95 * N_EVAL

    assert failing(holds, DISGUISES) == {}


def test_copies_are_found_one_by_one_among_clean_rows(mail, machine_mail):
    real_train, real_eval = mail
    rows = np.arange(0, N_EVAL, 10)
    planted = texts(real_eval.X.iloc[rows].str.upper().to_numpy(), "synthetic")
    synth = machine_mail.take(np.arange(500)) + planted
    report = check_contamination(real_train, synth, real_eval)
    assert np.isin(rows, report.leaked_eval_rows).mean() >= 0.95
    assert len(report.leaked_synth_rows) >= 0.95 * len(rows)
    assert min(report.leaked_synth_rows) >= 500


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_clean_splits_raise_no_alarm(seed, machine_mail):
    """Splits by cluster hold no pair from 0.5 on; machine mail is independent of both sides."""
    real_train, real_eval = sl.load_email(random_state=seed)
    rows = np.random.default_rng(seed).integers(len(machine_mail), size=1_000)
    synth = machine_mail.take(np.unique(rows))
    report = check_contamination(real_train, synth, real_eval)
    assert (report.counts["share"] <= 0.01).all()
    assert not report.is_contaminated


@pytest.fixture(scope="module")
def informed():
    return sl.load_llm_email("frontier", style="informed")


@pytest.fixture(scope="module")
def frontier(informed):
    """The report on what a frontier model wrote, against the whole corpus but a few rows."""
    first, second = sl.load_email(random_state=0)
    real = first + second
    rows = np.arange(len(real))
    return check_contamination(real.take(rows[10:]), informed, real.take(rows[:10])), real


def test_the_frontier_model_has_read_the_corpus(frontier):
    report, _ = frontier
    matches = report.pairs[report.pairs["second"] == "synth_train"]
    by_degree = matches.drop_duplicates("second_id").set_index("second_id")["containment"]
    assert by_degree.index[0] == "informed_a-163"
    assert by_degree.iloc[0] == pytest.approx(0.85, abs=0.02)
    assert by_degree.is_monotonic_decreasing
    assert (by_degree >= 0.5).sum() == 5
    assert ((by_degree >= 0.1) & (by_degree < 0.5)).sum() >= 8


def test_what_the_frontier_model_has_read_can_be_an_eval_row(frontier, informed):
    report, real = frontier
    read = report.pairs.query("is_copy and second_id == 'informed_a-163'")["first_id"]
    is_eval = np.isin(real.ids, read)
    real_train, real_eval = real.take(np.flatnonzero(~is_eval)[:500]), real.take(is_eval)
    leak = check_contamination(real_train, informed, real_eval)
    assert leak.is_contaminated
    assert "informed_a-163" in informed.ids[leak.leaked_synth_rows]
    clean, _ = leak.without_leaks(informed, real_eval)
    again = check_contamination(real_train, clean, real_eval)
    assert line(again, "synth_train", "real_eval")["copies"] == 0


def test_real_training_rows_in_eval_are_found():
    real_train, synth_train, real_eval = small_trio()
    leaky = real_train + real_eval.take([2, 5])
    report = check_contamination(leaky, synth_train, real_eval)
    assert report.is_contaminated
    assert report.leaked_eval_rows.tolist() == [2, 5]
    assert report.leaked_synth_rows.tolist() == []
    assert line(report, "real_train", "real_eval")["exact"] == 2


def test_copies_of_training_rows_are_told_but_leave_eval_clean():
    real_train, synth_train, real_eval = small_trio(messages(0)[:3])
    report = check_contamination(real_train, synth_train, real_eval)
    assert not report.is_contaminated
    assert line(report, "real_train", "synth_train")["copies"] == 3
    assert "3 of 11 rows of synth_train have a copy in real_train" in report.summary()


# --- texts: what must not be found ---------------------------------------------------------


def test_a_phrase_that_everyone_uses_is_no_copy():
    phrase = "please let me know if you have any questions"  # 9 words, 5 grams
    short = "let me know if you have questions"
    trio = small_trio([f"{short} {message(70_000, 3)}", f"{phrase[:-10]} {message(71_000, 4)}"])
    with_phrase = texts([*trio[2].X, f"{short} {message(80_000, 3)}", phrase])
    assert not check_contamination(trio[0], trio[1], with_phrase).is_contaminated


def test_lists_that_count_are_no_copies():
    numbers = " ".join(map(str, range(1, 60)))
    trio = small_trio([f"{numbers} {message(70_000, 9)}"])
    with_list = texts([*trio[2].X, f"{message(80_000, 9)} {numbers}"])
    report = check_contamination(trio[0], trio[1], with_list)
    assert line(report, "synth_train", "real_eval")[["exact", "near", "partial"]].sum() == 0


def test_a_few_short_texts_may_recur():
    trio = small_trio(["see you soon"])
    with_greeting = texts([*trio[2].X, "See you soon!"])
    report = check_contamination(trio[0], trio[1], with_greeting)
    assert not report.is_contaminated
    assert line(report, "synth_train", "real_eval")["near"] == 1  # told all the same


def test_many_short_texts_that_recur_are_copies():
    short = [f"see you on day{i}" for i in range(40)]
    real_train = texts([f"meet me at place{i}" for i in range(60)])
    report = check_contamination(real_train, texts(short, "synthetic"), texts(short))
    assert report.leaked_eval_rows.tolist() == list(range(40))


def test_short_texts_that_recur_in_training_as_often_are_no_copies():
    rng = np.random.default_rng(0)
    real_train, synth, real_eval = ([f"see you {d}" for d in rng.integers(150, size=100)] * 3,) * 3
    trio = texts(real_train), texts(synth, "synthetic"), texts(real_eval)
    assert not check_contamination(*trio).is_contaminated


def test_a_passage_within_two_long_messages_is_a_partial_match():
    passage = message(50_000, 14)  # 10 of 46 grams
    trio = small_trio([f"{passage} {message(60_000, 36)}"])
    real_eval = texts([*trio[2].X, f"{message(70_000, 36)} {passage}"])
    report = check_contamination(trio[0], trio[1], real_eval)
    (pair,) = report.pairs.itertuples()
    assert (pair.kind, pair.is_copy, pair.shared) == ("partial", False, 10)
    assert pair.containment == pytest.approx(10 / 46)
    assert not report.is_contaminated


# --- texts: the report ---------------------------------------------------------------------


def graded_report():
    """Return the report on an exact copy, a near one, and a partial match."""
    whole, half, some = messages(20_000)[:3]
    half, some = (
        f"{text[: len(text) * k // 10]} {message(90_000)}" for text, k in [(half, 9), (some, 4)]
    )
    trio = small_trio([whole.upper(), half, some])
    return check_contamination(*trio), trio


def test_pairs_are_listed_by_degree_with_rows_and_ids():
    report, _ = graded_report()
    pairs = report.pairs
    assert pairs["kind"].tolist() == ["exact", "near", "partial"]
    assert pairs["is_copy"].tolist() == [True, True, False]
    assert pairs["first_row"].tolist() == [8, 9, 10]
    assert pairs["second_row"].tolist() == [0, 1, 2]
    assert pairs["second_id"].tolist() == ["e0", "e1", "e2"]
    assert pairs["first_id"].isna().all()
    assert set(pairs["first"]) == {"synth_train"}
    assert pairs["containment"].is_monotonic_decreasing


def test_summary_counts_rows_by_kind():
    report, _ = graded_report()
    found = line(report, "synth_train", "real_eval")
    assert found[["rows", "exact", "near", "partial", "copies"]].tolist() == [8, 1, 1, 1, 2]
    assert found["share"] == 2 / 8
    assert found["worst"] == 1.0
    clean = line(report, "real_train", "real_eval")
    assert clean["copies"] == 0
    assert np.isnan(clean["worst"])


def test_min_containment_moves_the_bar_and_report_from_the_list():
    _, trio = graded_report()
    assert check_contamination(*trio, min_containment=0.95).leaked_eval_rows.tolist() == [0]
    assert check_contamination(*trio, min_containment=0.2).leaked_eval_rows.tolist() == [0, 1, 2]
    assert len(check_contamination(*trio, report_from=0.5).pairs) == 2


def test_every_copy_is_listed_not_only_the_best():
    copies = [messages(20_000)[0]] * 3
    report = check_contamination(*small_trio(copies))
    assert report.leaked_synth_rows.tolist() == [8, 9, 10]


def test_an_exact_copy_counts_before_one_that_holds_more():
    whole = messages(20_000)[0]
    report = check_contamination(*small_trio([f"{whole} {message(90_000)}", whole]))
    best = report.pairs.drop_duplicates("second_row").iloc[0]
    assert (best["kind"], best["first_row"]) == ("exact", 9)


def test_without_leaks_takes_out_what_copies_eval_and_what_training_holds():
    real_train, synth_train, real_eval = small_trio([messages(20_000)[0]])
    real_train = real_train + texts([messages(20_000)[7]])
    report = check_contamination(real_train, synth_train, real_eval)
    synth, kept = report.without_leaks(synth_train, real_eval)
    assert (len(synth), len(kept)) == (8, 7)
    assert kept.ids.tolist() == ["e0", "e1", "e2", "e3", "e4", "e5", "e6"]
    assert not check_contamination(real_train, synth, kept).is_contaminated
    roles.check_roles(real_train, synth, kept)


def test_without_leaks_refuses_other_sets():
    report, (real_train, _, real_eval) = graded_report()
    with pytest.raises(
        InputError, match="has 8 rows: expected 11, as the synth_train that was checked"
    ):
        report.without_leaks(real_train, real_eval)


def test_report_never_shows_text():
    report, _ = graded_report()
    for shown in (repr(report), report._repr_html_(), report.pairs.to_csv()):
        assert not re.search(r"\bw\d{3,}", shown, re.IGNORECASE)


def test_html_escapes_what_the_data_brings():
    real_train, synth_train, _ = small_trio([messages(20_000)[0]])
    evil = texts(messages(20_000), ids=[f"<script>{i}</script>&" for i in range(8)])
    html = check_contamination(real_train, synth_train, evil)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;0&lt;/script&gt;&amp;" in html


def test_html_of_many_pairs_shows_the_worst_and_counts_the_rest():
    trio = small_trio(messages(20_000) + messages(20_000))
    html = check_contamination(*trio)._repr_html_()
    assert html.startswith("<div><b>eval is contaminated: 8 of 8 rows of real_eval")
    assert "6 more in" in html


def test_report_tells_its_settings():
    report, _ = graded_report()
    assert report.provenance["min_containment"] == 0.5
    assert report.provenance["rows"] == {"real_train": 8, "synth_train": 11, "real_eval": 8}


def test_a_clean_report_has_its_columns():
    report = check_contamination(*small_trio())
    assert report.pairs.empty
    assert {"kind", "containment", "is_copy", "first_id"} <= set(report.pairs)
    assert repr(report).startswith("ContaminationReport: eval is clean: 0 of 8 rows of real_eval")
    assert "0 of 8" in report._repr_html_()


WORDS = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=12).map(" ".join), min_size=1
)


def grams(text):
    tokens = text.split()
    return {tuple(tokens[i : i + 5]) for i in range(max(1, len(tokens) - 4))}


@STEADY
@given(train=WORDS, synth=WORDS, held_out=WORDS)
def test_copies_are_those_counted_by_hand(train, synth, held_out):
    def has_copy(text, others):
        own = grams(text)
        shares = [len(own & g) / min(len(own), len(g)) for g in map(grams, others)]
        return max(shares) >= 0.5

    trio = texts(train), texts(synth, "synthetic"), texts(held_out)
    report = check_contamination(*trio, min_shared=1)
    assert report.leaked_eval_rows.tolist() == [
        i for i, text in enumerate(held_out) if has_copy(text, [*train, *synth])
    ]
    assert report.leaked_synth_rows.tolist() == [
        i for i, text in enumerate(synth) if has_copy(text, held_out)
    ]


@STEADY
@given(train=WORDS, synth=WORDS, held_out=WORDS)
def test_without_leaks_leaves_no_leak(train, synth, held_out):
    trio = texts(train), texts(synth, "synthetic"), texts(held_out)
    report = check_contamination(*trio, min_shared=1)
    synth_left, eval_left = report.without_leaks(*trio[1:])
    if len(synth_left) and len(eval_left):
        again = check_contamination(trio[0], synth_left, eval_left, min_shared=1)
        assert not again.is_contaminated


# --- tables --------------------------------------------------------------------------------


def people(n, rng):
    """Return rows of which about one in ten recurs, as in a table of road accidents."""
    seat = rng.choice(["driver", "front", "rear", "walker"], n, p=[0.6, 0.2, 0.15, 0.05])
    return pd.DataFrame(
        {
            "state": rng.choice([f"state {i}" for i in range(40)], n),
            "seat": seat,
            "belt": rng.choice(["on", "off", "unknown"], n, p=[0.6, 0.3, 0.1]),
            "age": np.clip(rng.normal(40, 20, n), 0, 99).round(),
            "alcohol": np.where(rng.random(n) < 0.7, 0, rng.integers(1, 30, n)),
        }
    )


def jittered(rows, rng, noise=0.01):
    """Add noise to the numbers, in standard deviations."""
    numeric = rows.select_dtypes("number").columns
    rows = rows.astype(dict.fromkeys(numeric, float))
    spread = rows[numeric].std().to_numpy()
    rows[numeric] += noise * spread * rng.normal(size=(len(rows), len(numeric)))
    return rows


def trio_of_people(seed, n_train=2_000, n_synth=2_000, n_eval=600):
    rng = np.random.default_rng(seed)
    return [people(n, rng) for n in (n_train, n_synth, n_eval)], rng


def check(train, synth, held_out, **options):
    return check_contamination(table(train), table(synth, "synthetic"), table(held_out), **options)


def far_from(train, rows, sd=0.12):
    """Return the rows that no training row of the same categories explains: all differ by sd."""
    scale = pd.concat([train, rows]).select_dtypes("number").std()
    far = []
    for number, row in enumerate(rows.itertuples(index=False)):
        alike = (train[["state", "seat", "belt"]] == (row.state, row.seat, row.belt)).all(axis=1)
        gaps = (train.loc[alike, ["age", "alcohol"]] - (row.age, row.alcohol)) / scale
        if not ((gaps**2).sum(axis=1) < sd**2).any():
            far.append(number)
    return np.array(far)


def test_jittered_copies_of_eval_are_found_unless_training_rows_explain_them():
    (train, synth, held_out), rng = trio_of_people(0)
    report = check(train, pd.concat([synth, jittered(held_out, rng)]), held_out)
    assert report.is_contaminated
    far = far_from(train, held_out)
    assert len(far) > 0.7 * len(held_out)
    assert np.isin(far, report.leaked_eval_rows).mean() >= 0.95
    assert np.isin(len(synth) + far, report.leaked_synth_rows).mean() >= 0.95


@pytest.mark.parametrize("columns", [1, 4, 30])
def test_jittered_copies_of_numbers_are_found(columns):
    rng = np.random.default_rng(columns)
    train, held_out = (pd.DataFrame(rng.lognormal(size=(n, columns))) for n in (500, 200))
    report = check(train, jittered(held_out, rng), held_out)
    found = report.pairs[report.pairs["second"] == "real_eval"]
    assert found["second_row"].nunique() >= 0.95 * len(held_out)
    if columns > 1:  # on a line of 500 points, most have a neighbor as near as that
        assert len(report.leaked_eval_rows) >= 0.95 * len(held_out)


def test_a_part_of_eval_copied_is_enough():
    (train, synth, held_out), rng = trio_of_people(1)
    report = check(train, pd.concat([synth, jittered(held_out[:120], rng)]), held_out)
    assert report.is_contaminated
    assert np.isin(far_from(train, held_out[:120]), report.leaked_eval_rows).mean() >= 0.95


def test_exact_copies_in_real_train_are_found():
    (train, synth, held_out), _ = trio_of_people(2)
    report = check(pd.concat([train, held_out[:200]]), synth, held_out)
    assert line(report, "real_train", "real_eval")["p_exact"] < roles.OVERLAP_P
    assert set(range(200)) <= set(report.leaked_eval_rows)
    assert (report.pairs.loc[report.pairs["kind"] == "exact", "distance"] == 0).all()


def test_natural_repeats_raise_no_alarm():
    for seed in range(12):
        (train, synth, held_out), _ = trio_of_people(100 + seed)
        assert 0.02 < train.duplicated(keep=False).mean() < 0.3
        report = check(train, synth, held_out)
        assert line(report, "real_train", "real_eval")["exact"] > 0
        assert report.counts["copies"].tolist() == [0, 0, 0]
        assert not report.is_contaminated


def test_a_generator_that_smooths_over_steps_raises_no_alarm():
    """Its ages are no whole years, so that more of them lie near a real one than real ones do."""
    for seed in range(4):
        (train, synth, held_out), rng = trio_of_people(200 + seed, n_synth=6_000)
        smooth = synth.assign(age=synth["age"] + rng.uniform(-1, 1, len(synth)))
        assert not check(train, smooth, held_out).is_contaminated


def test_a_generator_fitted_on_all_rows_is_found():
    (train, _, held_out), rng = trio_of_people(3)
    rows = pd.concat([train, held_out], ignore_index=True)
    synth = jittered(rows.sample(5_000, replace=True, random_state=0), rng)
    assert check(train, synth, held_out).is_contaminated


def test_a_generator_that_copies_training_rows_is_told_but_leaves_eval_clean():
    (train, _, held_out), rng = trio_of_people(4)
    report = check(train, jittered(train.sample(2_000, random_state=0), rng), held_out)
    assert not report.is_contaminated
    assert line(report, "real_train", "synth_train")["share"] > 0.95


def test_natural_share_is_that_of_fresh_rows():
    (train, synth, held_out), _ = trio_of_people(5, n_eval=4_000)
    found = line(check(train, synth, held_out), "real_train", "real_eval")
    assert found["natural"] == pytest.approx((found["exact"] + found["near"]) / 4_000, abs=0.02)


def test_a_row_of_another_category_does_not_match():
    (train, synth, held_out), _ = trio_of_people(6)
    moved = held_out.assign(state="state 99")
    report = check(train, pd.concat([synth[:0], moved]), held_out)
    assert line(report, "synth_train", "real_eval")[["exact", "near"]].sum() == 0


def test_jitter_says_how_much_noise_is_seen_through():
    rng = np.random.default_rng(0)
    train, held_out = rng.normal(size=(400, 8)), rng.normal(size=(200, 8))
    noisy = held_out + 0.1 * rng.normal(size=held_out.shape)
    assert not check(train, noisy, held_out).is_contaminated
    seen = check(train, noisy, held_out, jitter=0.1)  # training rows explain a few
    assert len(seen.leaked_eval_rows) >= 180


def test_missing_matches_missing_and_nothing_else():
    train = pd.DataFrame({"a": np.arange(50.0), "b": [*"xy"] * 25})
    held_out = train.assign(a=train["a"] + 100).astype({"b": object})
    held_out.loc[[0, 1, 2], ["a", "b"]] = [[np.nan, "x"], [np.inf, "x"], [7.0, None]]
    report = check(train, held_out, held_out)
    found = report.pairs[report.pairs["second"] == "real_eval"]
    assert (found["first_row"] == found["second_row"]).all()
    assert len(found) == 50


def test_a_constant_column_and_minus_zero_are_no_obstacle():
    rng = np.random.default_rng(0)
    held_out = pd.DataFrame({"one": 1.0, "zero": 0.0, "x": rng.normal(size=100)})
    train = held_out.assign(x=rng.normal(size=100))
    report = check(train, held_out.assign(zero=-0.0), held_out)
    assert line(report, "synth_train", "real_eval")["exact"] == 100


def test_columns_may_stand_in_any_order():
    (train, synth, held_out), rng = trio_of_people(7)
    leaky = pd.concat([synth, jittered(held_out, rng)])
    one, other = check(train, leaky, held_out), check(train, leaky[leaky.columns[::-1]], held_out)
    assert one.leaked_eval_rows.tolist() == other.leaked_eval_rows.tolist()


def test_without_leaks_cleans_a_table():
    (train, synth, held_out), rng = trio_of_people(8)
    train = pd.concat([train, held_out[:100]])
    synth = table(pd.concat([synth, jittered(held_out, rng)]), "synthetic")
    report = check_contamination(table(train), synth, table(held_out))
    left = report.without_leaks(synth, table(held_out))
    assert not check_contamination(table(train), *left).is_contaminated


@STEADY
@given(
    scale=st.lists(st.sampled_from([2.0**-40, 0.5, 1.0, 4.0, 2.0**40]), min_size=3, max_size=3),
    seed=st.integers(0, 5),
)
def test_the_unit_of_a_column_changes_nothing(scale, seed):
    rng = np.random.default_rng(seed)
    train, held_out = rng.normal(size=(200, 3)), rng.normal(size=(60, 3))
    synth = np.concatenate([rng.normal(size=(100, 3)), held_out + 0.01 * rng.normal(size=(60, 3))])
    one, other = (
        check(train, synth, held_out),
        check(train * scale, synth * scale, held_out * scale),
    )
    pd.testing.assert_frame_equal(one.pairs, other.pairs)
    assert other.is_contaminated


# --- errors --------------------------------------------------------------------------------


def test_settings_out_of_range_are_refused():
    bad = [("min_containment", 0), ("min_containment", 1.1), ("min_containment", True)]
    bad += [("report_from", 0.6), ("min_shared", 0), ("min_shared", 2.5), ("jitter", 0)]
    calls = {
        case: (
            lambda case=case: check_contamination(*small_trio(), **dict([case])),
            "{}={}: expected".format(*case),
        )
        for case in bad
    }
    assert unclear(calls) == []


def test_an_empty_set_is_refused():
    real_train, synth_train, real_eval = small_trio()
    message = refusal(check_contamination, real_train, synth_train.take([]), real_eval)
    assert "fakes is empty: expected rows. Nothing can be compared. Pass some." in message


def test_roles_are_checked():
    real_train, synth_train, real_eval = small_trio()
    with pytest.raises(ContaminationError, match="fakes is an eval set, but 8 of 8 rows"):
        check_contamination(real_train, synth_train, synth_train)
    with pytest.raises(ContaminationError, match="inbox is the synthetic training set"):
        check_contamination(real_train, real_train, real_eval)
    with pytest.raises(ContaminationError, match="fakes is the control's training set"):
        check_contamination(synth_train, synth_train, real_eval)


def test_text_beside_a_table_is_refused():
    real_train, synth_train, _ = small_trio()
    with pytest.raises(InputError, match="different kinds"):
        check_contamination(real_train, synth_train, table(pd.DataFrame({"a": [1, 2]})))


def test_tables_of_other_columns_are_refused():
    (train, synth, held_out), _ = trio_of_people(9)
    with pytest.raises(InputError, match=r"differ in 1 column\(s\): age"):
        check(train, synth.drop(columns="age"), held_out)
    with pytest.raises(InputError, match="column 'age' is"):
        check(train, synth.astype({"age": str}), held_out)


def test_the_same_ids_on_both_sides_are_no_obstacle():
    real_train, synth_train, real_eval = small_trio()
    report = check_contamination(real_train + real_eval.take([0]), synth_train, real_eval)
    assert report.leaked_eval_rows.tolist() == [0]


def test_the_sets_are_left_as_they_were():
    trio = small_trio([messages(20_000)[0]])
    before = [(data.X.copy(), data.ids) for data in trio]
    check_contamination(*trio)
    for data, (X, ids) in zip(trio, before, strict=True):
        pd.testing.assert_series_equal(data.X, X)
        assert data.ids is ids or (data.ids == ids).all()
