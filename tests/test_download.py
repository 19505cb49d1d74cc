"""Archives are read whole and verified, or not at all; a failure says what to do by hand."""

import gzip
import hashlib
import io
import socket
import tarfile
import tracemalloc
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from synthlab.datasets import download, registry
from synthlab.errors import DataUnavailableError, InputError

MAIL = {"ham-1/00001": b"Subject: lunch\n\nat noon", "spam-1/00001": b"Subject: win\n\nnow"}
OTHER = b"Subject: other\n\nwords"


def md5(raw):
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


def file_name(id, raw):
    return f"package/data/{id}.{md5(raw)}.txt"


def archive(path, files, links=()):
    """Write files, (name, content) each, and links, (name, target) each, as a .tgz archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, raw in files:
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path


def files_of(mail):
    return [(file_name(id, raw), raw) for id, raw in mail.items()]


def register(monkeypatch, tmp_path, sources=(), edited=None):
    """Let the registry list one small corpus, of MAIL; return where the cache keeps it."""
    entry = {
        "version": "1.0",
        "messages": len(MAIL),
        "largest_bytes": 100,
        "unpacked_bytes": 100_000,
        "member": r"data/(?P<group>\w+-\d)/(?P<number>\d{5})\.(?P<md5>[0-9a-f]{32})\.txt$",
        "manifest_sha256": download.manifest_digest([f"{id}.{md5(MAIL[id])}" for id in MAIL]),
        "by_hand": "the package of two messages",
        "sources": list(sources),
        "edited": edited or {},
    }
    monkeypatch.setattr(registry, "load_registry", lambda: {"tiny": entry})
    monkeypatch.setenv("SYNTHLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache" / "tiny-1.0.tgz"


def refusal(call, *args, kind=DataUnavailableError) -> str:
    with pytest.raises(kind) as caught:
        call(*args)
    return str(caught.value)


def files_below(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


# --- an archive in the cache ---------------------------------------------------------------


def test_a_whole_archive_is_read(monkeypatch, tmp_path):
    archive(register(monkeypatch, tmp_path), files_of(MAIL))
    assert download.messages("tiny") == MAIL


def test_reading_unpacks_nothing(monkeypatch, tmp_path):
    kept = archive(register(monkeypatch, tmp_path), files_of(MAIL))
    download.messages("tiny")
    assert files_below(tmp_path / "cache") == [kept.relative_to(tmp_path / "cache")]


def test_a_wrong_byte_is_refused(monkeypatch, tmp_path):
    altered = [(name, raw.replace(b"noon", b"once")) for name, raw in files_of(MAIL)]
    kept = archive(register(monkeypatch, tmp_path), altered)
    text = refusal(download.messages, "tiny")
    assert f"{kept}: message ham-1/00001 has MD5" in text
    assert f"expected {md5(MAIL['ham-1/00001'])}" in text
    assert "Delete the file and run again" in text


def test_a_missing_message_is_refused(monkeypatch, tmp_path):
    kept = archive(register(monkeypatch, tmp_path), files_of(MAIL)[:1])
    text = refusal(download.messages, "tiny")
    assert f"{kept}: 1 messages with manifest" in text
    assert "expected 2 with" in text
    assert "Delete the file and run again" in text


@pytest.mark.parametrize(
    "extra",
    [(file_name("ham-1/00002", OTHER), OTHER), files_of(MAIL)[0]],
    ids=["unknown", "twice"],
)
def test_a_message_too_many_is_refused(monkeypatch, tmp_path, extra):
    kept = archive(register(monkeypatch, tmp_path), [*files_of(MAIL), extra])
    text = refusal(download.messages, "tiny")
    assert f"{kept} holds more than the corpus: expected 2 messages" in text
    assert "Delete the file and run again" in text


def test_a_message_under_another_name_is_refused(monkeypatch, tmp_path):
    renamed = {"ham-1/00009": MAIL["ham-1/00001"], "spam-1/00001": MAIL["spam-1/00001"]}
    archive(register(monkeypatch, tmp_path), files_of(renamed))
    assert "2 messages with manifest" in refusal(download.messages, "tiny")


def test_an_edited_message_counts_by_its_registered_checksum(monkeypatch, tmp_path):
    edited = b"Subject: lunch\n\nat one"
    name = file_name("ham-1/00001", MAIL["ham-1/00001"])
    kept = register(monkeypatch, tmp_path, edited={"ham-1/00001": md5(edited)})
    archive(kept, [(name, edited), *files_of(MAIL)[1:]])
    assert download.messages("tiny")["ham-1/00001"] == edited


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/outside.txt", "package/data/../../outside.txt"]
)
def test_a_member_with_path_tricks_is_ignored(monkeypatch, tmp_path, name):
    archive(register(monkeypatch, tmp_path), [(name, OTHER), *files_of(MAIL)])
    assert download.messages("tiny") == MAIL
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_message_too_long_is_refused(monkeypatch, tmp_path):
    for place in (0, 1):
        long = MAIL | {list(MAIL)[place]: b"0" * 101}
        archive(register(monkeypatch, tmp_path), files_of(long))
        assert "messages of at most 100 bytes" in refusal(download.messages, "tiny")


def bomb(path, kind, n_bytes):
    """Write an archive of some KB that unpacks to n_bytes of zeros, in one way or another."""
    member = tarfile.TarInfo("package/README.md")
    member.size = n_bytes
    if kind == "a message":
        member.name = file_name("ham-1/00002", b"")
    elif kind in ("pax header", "long name"):
        member.type = tarfile.XHDTYPE if kind == "pax header" else tarfile.GNUTYPE_LONGNAME
    with gzip.open(path, "wb", compresslevel=9) as file:
        if kind == "many members":
            file.write(tarfile.TarInfo("empty").tobuf() * (n_bytes // 512))
        else:
            file.write(member.tobuf() + bytes(n_bytes))
    return path


@pytest.mark.parametrize(
    "kind", ["a message", "another file", "pax header", "long name", "many members"]
)
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(monkeypatch, tmp_path, kind):
    kept = register(monkeypatch, tmp_path)
    kept.parent.mkdir()
    bomb(kept, kind, n_bytes=30_000_000)
    assert kept.stat().st_size < 1_000_000
    tracemalloc.start()
    text = refusal(download.messages, "tiny")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000
    assert "100,000 bytes unpacked in all" in text
    assert "Delete the file and run again" in text


def test_a_message_full_of_holes_is_no_message(monkeypatch, tmp_path):
    """A sparse member of a few bytes may claim any length: it is not read at all."""
    kept = register(monkeypatch, tmp_path)
    kept.parent.mkdir()
    hole = b"\0" * 100
    map = b"1\n0\n0\n".ljust(512, b"\0")
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "100"}
    member = tarfile.TarInfo(file_name("ham-1/00002", hole))
    member.size, member.pax_headers = len(map), headers
    with tarfile.open(kept, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(member, io.BytesIO(map))
        for name, raw in files_of(MAIL):
            whole = tarfile.TarInfo(name)
            whole.size = len(raw)
            tar.addfile(whole, io.BytesIO(raw))
    assert download.messages("tiny") == MAIL


def test_an_archive_that_cannot_be_opened_is_no_archive(monkeypatch, tmp_path):
    register(monkeypatch, tmp_path).mkdir(parents=True)
    assert "is not a whole .tgz archive" in refusal(download.messages, "tiny")


def test_a_disk_that_refuses_is_told_before_anything_is_downloaded(monkeypatch, tmp_path):
    register(monkeypatch, tmp_path, [unreachable()])
    (tmp_path / "cache").write_text("a file")
    text = refusal(download.messages, "tiny", kind=InputError)
    assert f"{tmp_path}/cache/tiny-1.0.tgz: expected a place that can be written" in text
    assert "SYNTHLAB_CACHE" in text
    assert "http" not in text


def test_a_link_is_ignored(monkeypatch, tmp_path):
    link = file_name("ham-1/00002", OTHER), "/etc/hostname"
    archive(register(monkeypatch, tmp_path), files_of(MAIL), [link])
    assert download.messages("tiny") == MAIL


def truncated(raw):
    return raw[: len(raw) // 2]


def altered_in_the_middle(raw):
    return raw[:40] + bytes([raw[40] ^ 0xFF]) + raw[41:]


@pytest.mark.parametrize(
    "spoil",
    [truncated, altered_in_the_middle, lambda raw: b"", lambda raw: b"<html>"],
)
def test_a_spoilt_archive_is_refused(monkeypatch, tmp_path, spoil):
    kept = archive(register(monkeypatch, tmp_path), files_of(MAIL))
    kept.write_bytes(spoil(kept.read_bytes()))
    text = refusal(download.messages, "tiny")
    assert str(kept) in text
    assert "Delete the file and run again" in text


# --- downloading ---------------------------------------------------------------------------


@contextmanager
def serving(folder, monkeypatch):
    """Serve a folder on this machine; yields the address."""
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *args: None)
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def http(url):
    return {"kind": "http", "url": url}


def unreachable():
    """Return the address of a port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return http(f"http://127.0.0.1:{listener.getsockname()[1]}/tiny.tgz")


def test_a_download_is_read_and_kept(monkeypatch, tmp_path):
    archive(tmp_path / "web" / "tiny.tgz", files_of(MAIL))
    with serving(tmp_path / "web", monkeypatch) as address:
        kept = register(monkeypatch, tmp_path, [http(f"{address}/tiny.tgz")])
        assert download.messages("tiny") == MAIL
    assert download.messages("tiny") == MAIL  # nobody serves any longer
    assert files_below(tmp_path / "cache") == [kept.relative_to(tmp_path / "cache")]


def test_sources_are_tried_in_order(monkeypatch, tmp_path):
    archive(tmp_path / "web" / "tiny.tgz", files_of(MAIL))
    with serving(tmp_path / "web", monkeypatch) as address:
        sources = unreachable(), http(f"{address}/no.tgz"), http(f"{address}/tiny.tgz")
        register(monkeypatch, tmp_path, sources)
        assert download.messages("tiny") == MAIL


def test_offline_the_error_says_what_was_tried_and_what_to_do(monkeypatch, tmp_path):
    kept = register(monkeypatch, tmp_path, [unreachable(), unreachable()])
    text = refusal(download.messages, "tiny")
    assert "tiny 1.0 could not be downloaded" in text
    assert text.count("\n  - http: ") == 2
    assert f"put the archive of the package of two messages at {kept} yourself" in text


def test_offline_nothing_is_left_behind(monkeypatch, tmp_path):
    register(monkeypatch, tmp_path, [unreachable()])
    refusal(download.messages, "tiny")
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("spoil", [truncated, altered_in_the_middle, lambda raw: b"<html>"])
def test_a_spoilt_download_is_refused_and_not_kept(monkeypatch, tmp_path, spoil):
    served = archive(tmp_path / "web" / "tiny.tgz", files_of(MAIL))
    served.write_bytes(spoil(served.read_bytes()))
    with serving(tmp_path / "web", monkeypatch) as address:
        kept = register(monkeypatch, tmp_path, [http(f"{address}/tiny.tgz")])
        assert "tiny 1.0 could not be downloaded" in refusal(download.messages, "tiny")
    assert not kept.exists()


def test_a_download_of_other_messages_is_refused_and_the_next_source_tried(monkeypatch, tmp_path):
    archive(tmp_path / "web" / "other.tgz", files_of({"ham-1/00001": OTHER}))
    archive(tmp_path / "web" / "tiny.tgz", files_of(MAIL))
    with serving(tmp_path / "web", monkeypatch) as address:
        register(monkeypatch, tmp_path, [http(f"{address}/{n}.tgz") for n in ("other", "tiny")])
        assert download.messages("tiny") == MAIL


def test_an_archive_put_there_by_hand_is_read(monkeypatch, tmp_path):
    register(monkeypatch, tmp_path, [unreachable()])
    archive(download.archive_path("tiny"), files_of(MAIL))
    assert download.messages("tiny") == MAIL


# --- recorded files ------------------------------------------------------------------------


def record(monkeypatch, tmp_path, checksum):
    entry = {"path": "mails/few.jsonl", "sha256": checksum}
    monkeypatch.setattr(registry, "load_registry", lambda: {"few": entry})
    monkeypatch.setattr(registry, "data_dir", lambda: tmp_path)
    (tmp_path / "mails").mkdir()
    return tmp_path / "mails" / "few.jsonl"


def test_a_recorded_file_of_the_right_checksum_is_found(monkeypatch, tmp_path):
    path = record(monkeypatch, tmp_path, hashlib.sha256(b"{}").hexdigest())
    path.write_bytes(b"{}")
    assert registry.recorded_file("few") == path


def test_a_recorded_file_of_a_wrong_checksum_is_refused(monkeypatch, tmp_path):
    record(monkeypatch, tmp_path, "0" * 64).write_bytes(b"abc")
    text = refusal(registry.recorded_file, "few")
    assert "few.jsonl: SHA-256 000000000000… expected, ba7816bf8f01 found" in text
    assert "unknown origin" in text


def test_a_recorded_file_that_is_missing_is_refused(monkeypatch, tmp_path):
    record(monkeypatch, tmp_path, "0" * 64)
    assert "expected, no file found" in refusal(registry.recorded_file, "few")


def test_the_remedy_names_a_path_that_git_can_restore(monkeypatch, tmp_path):
    record(monkeypatch, tmp_path, "0" * 64)
    assert "mails/few.jsonl" in refusal(registry.recorded_file, "few").partition("git checkout")[2]


@pytest.mark.parametrize(
    "name", [name for name, entry in registry.load_registry().items() if "path" in entry]
)
def test_the_files_of_the_project_are_as_recorded(name):
    is_sharded = "shards" in registry.load_registry()[name]
    found = registry.recorded_shards(name) if is_sharded else [registry.recorded_file(name)]
    assert found
    assert all(path.is_file() for path in found)


# --- names and digests ---------------------------------------------------------------------


@pytest.mark.parametrize("call", [download.messages, registry.recorded_file, download.archive_path])
def test_an_unknown_data_set_is_refused(call):
    text = refusal(call, "enron", kind=InputError)
    assert "no data set 'enron' in data/registry.toml" in text
    assert "it lists amounts, atlas, fars, llm-frontier, llm-frontier-all, " in text


def test_sha256_of_a_file_is_the_published_one(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert registry.sha256_of(tmp_path / "abc") == published


def test_a_manifest_does_not_depend_on_order():
    assert download.manifest_digest(["b", "a"]) == download.manifest_digest(["a", "b"])


def test_a_manifest_depends_on_every_name():
    assert download.manifest_digest(["a", "b"]) != download.manifest_digest(["a", "c"])


@pytest.mark.parametrize("name", registry.load_registry())
def test_every_data_set_has_a_license_and_a_checksum(name):
    entry = registry.load_registry()[name]
    assert entry["license"]
    assert len(entry.get("sha256") or entry["manifest_sha256"]) == 64
