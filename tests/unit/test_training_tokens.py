"""Token files: made of text, mapped from a disk, and read by ranges from a bucket that is simulated over real HTTP."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from slipway.errors import TrainingError
from tests.simulated_bucket import SimulatedBucket, served
from training.data import Feed, plan_batches
from training.mesh import Mesh
from training.tasks.lm import LanguageModel
from training.tasks.lm.shape import Shape
from training.tokens import SEPARATOR, ArrayTokens, Tokens, encode, open_tokens, sequences, write_tokens
from training.tokens.__main__ import main
from training.tokens.stored import StoredTokens, runs

TOKENS = np.random.default_rng(0).integers(0, 256, 3_000).astype(np.uint16)
ALONE = Mesh(rank=0, size=1, device=torch.device("cpu"))
URL, KEY = "s3://texts/corpus/tokens.npy", "texts/corpus/tokens.npy"
SMALL = Shape(layers=1, width=16, heads=2, kv_heads=2, hidden=16, context=8)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedBucket]:
    bucket = SimulatedBucket({KEY: npy(TOKENS)})
    with served(bucket, monkeypatch):
        yield bucket


@pytest.fixture
def stored(bucket: SimulatedBucket) -> Tokens:
    return open_tokens(URL)


def test_a_row_is_followed_by_the_next_and_targets_are_a_token_ahead():
    rows = sequences(np.arange(11, dtype=np.uint16), context=5)
    taken = rows.rows(torch.tensor([1, 0]))
    assert taken.inputs["tokens"].tolist() == [[5, 6, 7, 8, 9], [0, 1, 2, 3, 4]]
    assert taken.targets.tolist() == [[6, 7, 8, 9, 10], [1, 2, 3, 4, 5]]


def test_documents_are_packed_with_a_separator_between_them():
    assert bytes(encode(["ab", "ç"])) == b"ab" + bytes([SEPARATOR]) + "ç".encode() + bytes([SEPARATOR])


@pytest.mark.parametrize("as_url", [False, True])
def test_tokens_are_mapped_from_their_file(tmp_path: Path, as_url: bool):
    file = tmp_path / "tokens.npy"
    np.save(file, encode(["text"]))
    tokens = open_tokens(file.as_uri() if as_url else file)
    assert isinstance(tokens, ArrayTokens)
    assert isinstance(tokens.array, np.memmap)


@pytest.mark.parametrize("content", [np.zeros(3), np.zeros((2, 2), dtype=np.uint8), np.array([None])])
def test_a_file_without_tokens_is_named(tmp_path: Path, content: np.ndarray):
    np.save(tmp_path / "other.npy", content)
    with pytest.raises(TrainingError, match=r"other\.npy"):
        open_tokens(tmp_path / "other.npy")


def test_rows_of_a_bucket_are_those_of_the_file_that_was_put_there(stored: Tokens):
    batches = plan_batches(rows=20, batch_size=4, seed=3, workers=1)
    far, near = (Feed(sequences(tokens, context=100), batches, ALONE) for tokens in (stored, TOKENS))
    assert all(far.take(step).targets.equal(near.take(step).targets) for step in range(10))


def test_opening_reads_the_head_alone_and_a_row_what_it_needs(bucket: SimulatedBucket, stored: Tokens):
    stored.part(1000, 2000).windows(np.array([50]), 10)
    head, row = bucket.asked
    first, last = (int(bound) for bound in row.removeprefix("bytes=").split("-"))
    assert head.startswith("bytes=0-")
    assert last - first + 1 == 10 * TOKENS.itemsize


def test_an_object_that_is_replaced_while_it_is_read_ends_the_run(bucket: SimulatedBucket, stored: Tokens):
    bucket.objects[KEY] = npy(TOKENS[::-1])
    with pytest.raises(TrainingError, match=r"tokens\.npy was replaced while it was read"):
        stored.windows(np.array([0]), 10)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"no tokens", "is no token file"),
        (npy(np.zeros(3)), "holds float64"),
        (npy(TOKENS)[:-1], "of the 6128 that its head tells"),
        (npy(np.array([None])), "holds object"),
    ],
)
def test_an_object_that_is_no_token_file_is_named(bucket: SimulatedBucket, content: bytes | None, reason: str):
    bucket.objects = {} if content is None else {KEY: content}
    with pytest.raises(TrainingError, match=reason):
        open_tokens(URL)


def test_other_tokens_have_another_digest(bucket: SimulatedBucket, stored: Tokens):
    assert open_tokens(URL).digest() == stored.digest()
    bucket.objects[KEY] = npy(TOKENS + 1)
    assert open_tokens(URL).digest() != stored.digest()


@given(st.lists(st.integers(0, 2_900), max_size=12), st.integers(1, 100))
def test_any_windows_of_a_bucket_are_those_of_memory(starts: list[int], length: int):
    store = MemoryStore()
    store.put("tokens.npy", npy(TOKENS))
    stored, places = StoredTokens.open(store, "tokens.npy", said="tokens.npy"), np.array(starts, dtype=np.int64)
    assert (stored.windows(places, length) == ArrayTokens(TOKENS).windows(places, length)).all()


def test_windows_that_touch_are_read_as_one():
    assert [run.tolist() for run in runs(np.array([20, 0, 10, 50]), 10)] == [[1, 2, 0], [3]]


def test_a_language_model_learns_from_a_bucket(bucket: SimulatedBucket):
    data = LanguageModel(SMALL, file=URL).data(0)
    assert len(data.train) == int(len(TOKENS) * 0.95 - 1) // SMALL.context
    assert data.validation.targets[0].tolist() == TOKENS[int(len(TOKENS) * 0.95) + 1 :][: SMALL.context].tolist()


def test_a_token_that_the_model_has_not_is_named_before_training(tmp_path: Path):
    np.save(tmp_path / "tokens.npy", np.full(3_000, 256, dtype=np.uint16))
    with pytest.raises(TrainingError, match="holds the token 256, and the model has 256"):
        LanguageModel(SMALL, file=tmp_path / "tokens.npy").data(0)


def test_a_token_of_the_training_rows_that_the_model_has_not_is_named_and_no_index_error(tmp_path: Path):
    tokens = np.zeros(3_000, dtype=np.uint16)
    tokens[100] = 999
    np.save(tmp_path / "tokens.npy", tokens)
    train = LanguageModel(SMALL, file=tmp_path / "tokens.npy").data(0).train
    with pytest.raises(TrainingError, match="holds the token 999, and the model has 256"):
        train.to(torch.device("cpu")).rows(slice(0, 100 // SMALL.context + 1))


def test_the_command_makes_tokens_of_a_folders_text_in_the_order_of_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    texts = tmp_path / "texts"
    (texts / "more").mkdir(parents=True)
    for name, text in (("b.txt", "zwei"), ("a.txt", "eins"), ("more/c.txt", "drei"), (".hidden", "nichts")):
        (texts / name).write_text(text)
    out = tmp_path / "tokens.npy"
    assert main([str(texts), "--out", str(out)]) == 0
    assert (np.load(out) == encode(["eins", "zwei", "drei"])).all()
    assert capsys.readouterr().out == f"3 documents, 15 tokens: {out}\n"


@pytest.mark.parametrize("content", [b"one\0two", None])
def test_what_is_no_text_is_named_and_leaves_no_token_file(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "text").write_bytes(content)
    with pytest.raises(TrainingError, match=str(tmp_path / "text")):
        write_tokens([tmp_path / "text"], tmp_path / "tokens.npy")
    assert not [file for file in tmp_path.iterdir() if "tokens" in file.name]
