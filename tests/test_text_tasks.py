"""Both text tasks have one shape, and unknown names are refused with a remedy."""

import pytest
from cases import refusal

from synthlab.datasets import WRITERS, email_frame, text_task

NAMES = ("emails", "reviews")


@pytest.mark.parametrize("name", NAMES)
def test_real_rows_have_the_labels_of_the_task_and_the_second_is_the_more_frequent(name):
    task = text_task(name)
    train, held_out = task.split(n_train=2_000, random_state=3)
    assert (task.name, len(train)) == (name, 2_000)
    assert set(train.y) == set(held_out.y) == set(task.labels)
    assert task.majority_share(train + held_out) > 0.5
    assert set(train.ids) | set(held_out.ids) <= set(task.clusters().index)


@pytest.mark.parametrize("name", NAMES)
def test_every_style_of_every_writer_is_synthetic_and_has_the_labels_of_the_task(name):
    task = text_task(name)
    real = sum(task.split()[1:], task.split()[0])
    for writer in WRITERS:
        assert task.styles[writer][:2] == ("naive", "informed")
        for style in task.styles[writer]:
            rows = task.load_written(writer, style, real_train=real)
            assert set(rows.origin) == {"synthetic"}
            assert set(rows.y) == set(task.labels)
            assert rows.name.startswith(f"{writer} writer")


def test_only_mail_has_dates():
    earlier, later = text_task("emails").split_by_time(4_000)
    assert len(earlier) == 4_000
    received = email_frame().set_index("id")["received"]
    assert received[earlier.ids].max() <= received[later.ids].min()
    assert text_task("reviews").split_by_time is None


def test_what_is_unknown_is_refused():
    told = refusal(text_task, "email")
    assert "task='email': expected one of emails, reviews" in told
    told = refusal(text_task("emails").load_written, "frontier")
    assert "writer='frontier': expected one of weak, strong" in told
    told = refusal(text_task("reviews").load_written, "strong", "corner")
    assert "style='corner': expected one of naive, informed" in told
