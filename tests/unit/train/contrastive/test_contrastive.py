"""A tiny text encoder learns: losses as sentence-transformers', the best kept, and its folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, ModelNotFound, TrainingDiverged
from cospace.progress import Progress
from cospace.train import contrastive

torch = pytest.importorskip("torch", reason="encoders are fine-tuned with torch")

from torch_models import text_model  # noqa: E402 - torch comes first

from cospace.encode.modules.libraries import library  # noqa: E402
from cospace.train.contrastive.losses import at_each, cosent, cosine, ranking  # noqa: E402
from cospace.train.contrastive.net import open_net  # noqa: E402

WORDS = ("arms", "bells", "cats", "doors", "eels", "forks", "gates", "hats", "inks", "jars")


def scored(count: int = 400, seed: int = 0) -> list[tuple[str, str, float]]:
    """Pairs of texts of two sorts of words, with 1 where both are of one sort."""
    random = np.random.default_rng(seed)
    made = []
    for i in range(count):
        sorts = (i % 2, i // 2 % 2)
        one, two = (
            " ".join(WORDS[5 * sort + j] for j in random.permutation(5)[:3]) for sort in sorts
        )
        made.append((f"{one} {2 * i}", f"{two} {2 * i + 1}", float(sorts[0] == sorts[1])))
    return made


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("base")
    text_model(place)
    return place / "saved"


@pytest.fixture(scope="module")
def tuned(base: Path) -> Any:
    return contrastive(base, scored(), epochs=4, rate=5e-3, frozen=0, threads=1)


class _Given(torch.nn.Module):
    """What sentence-transformers' losses call a model: it gives back what it is given."""

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        return features

    __call__ = forward  # type: ignore[assignment]


def rows(seed: int, n: int = 5, d: int = 8) -> Any:
    made = torch.from_numpy(np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32))
    return torch.nn.functional.normalize(made, dim=1)


def theirs(name: str, *given: Any, labels: Any = None, **options: Any) -> float:
    losses = library("sentence_transformers").sentence_transformer.losses
    loss = getattr(losses, name)(_Given(), **options)
    features = [{"sentence_embedding": one} for one in given]
    return float(loss(features, labels))


def test_ranking_is_that_of_sentence_transformers() -> None:
    a, b, c = rows(0), rows(1), rows(2)
    none = torch.zeros(5, 5, dtype=torch.bool)
    assert theirs("MultipleNegativesRankingLoss", a, b) == pytest.approx(float(ranking(a, b, none)))
    more = torch.zeros(5, 10, dtype=torch.bool)
    hard = float(ranking(a, torch.cat([b, c]), more))
    assert theirs("MultipleNegativesRankingLoss", a, b, c) == pytest.approx(hard)


def test_ranking_by_hand_leaves_out_what_belongs_together() -> None:
    a = torch.eye(3)
    same = torch.zeros(3, 3, dtype=torch.bool)
    whole = np.log(1 + 2 * np.exp(-1))
    assert whole == pytest.approx(float(ranking(a, a, same, scale=1)))
    same[0, 1] = True  # and its own is never left out
    same.fill_diagonal_(True)
    less = (2 * whole + np.log(1 + np.exp(-1))) / 3
    assert less == pytest.approx(float(ranking(a, a, same, scale=1)))


def test_scored_losses_are_those_of_sentence_transformers() -> None:
    a, b, scores = rows(0), rows(1), torch.tensor([0.1, 0.9, 0.5, 0.5, 0.0])
    assert theirs("CoSENTLoss", a, b, labels=scores) == pytest.approx(float(cosent(a, b, scores)))
    assert theirs("CosineSimilarityLoss", a, b, labels=scores) == pytest.approx(
        float(cosine(a, b, scores))
    )


def test_matryoshka_is_the_sum_over_sizes() -> None:
    a, b = rows(0), rows(1)
    none = torch.zeros(5, 5, dtype=torch.bool)
    parts = [
        ranking(*(torch.nn.functional.normalize(one[:, :dim], dim=1) for one in (a, b)), none)
        for dim in (8, 4)
    ]
    made = at_each([8, 4], lambda x, y: ranking(x, y, none), a, b)
    assert float(sum(parts)) == pytest.approx(float(made))


def test_it_gets_better_and_says_so(tuned: Any) -> None:
    assert tuned.better
    assert tuned.difference.low > 0
    [figure] = tuned.card.figures
    assert "Spearman" == figure.name
    assert figure.held.value - figure.before.value == pytest.approx(tuned.difference.value)
    assert abs(figure.shuffled) < 0.6  # of a dozen pairs
    assert figure.gap is not None
    assert not tuned.stopped


def test_the_parts_share_no_text(tuned: Any) -> None:
    counts = tuned.card.counts
    assert 400 == sum(counts.values())
    assert all(counts[name] > 5 for name in ("learnt from", "to stop by", "held out"))


def test_its_folder_gives_what_torch_gives(tuned: Any, tmp_path: Path) -> None:
    saved = tuned.save(tmp_path / "mine", weights="f32")
    model = cs.load(tmp_path / "mine")
    texts = ["cats and doors", "hats", "jars inks bells 7"]
    exact = tuned.net.rows(tuned.net.tokens(texts, "document"))
    found = model.encode_document(texts).normalized
    assert np.einsum("ij,ij->i", exact, found).min() > 0.999
    assert 0.999 <= saved.least <= saved.mean + 1e-6
    card = json.loads((tmp_path / "mine" / "card.json").read_text())
    assert any("cosine to the torch module" in note for note in card["notes"])
    assert 64 == len(card["data_sha256"])
    assert 64 == len(card["settings"]["base_sha256"])
    assert "trained:mine" == model.space.towers[0].source


def test_it_is_another_space_than_the_base(tuned: Any, tmp_path: Path) -> None:
    tuned.save(tmp_path / "mine", weights="f32")
    tower = cs.load(tmp_path / "mine").space.towers[0]
    assert tower.weights_sha256 != tuned.net.base


def test_weights_of_8_bits_where_they_are_close(tuned: Any, tmp_path: Path) -> None:
    saved = tuned.save(tmp_path / "mine")
    assert saved.least >= 0.999
    assert saved.weights in ("int8", "f32")
    with pytest.raises(BadArgument, match="weights are auto"):
        tuned.save(tmp_path / "other", weights="int4")


def test_what_is_not_better_is_not_written(base: Path, tmp_path: Path) -> None:
    same = contrastive(base, scored(), epochs=1, rate=1e-9, threads=1)
    assert not same.better
    with pytest.raises(BadArgument, match="not better"):
        same.save(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    saved = same.save(tmp_path / "mine", anyway=True, weights="f32")
    assert saved.folder == tmp_path / "mine"


def test_the_same_seed_gives_the_same_weights(base: Path) -> None:
    made = [contrastive(base, scored(60), epochs=1, rate=1e-3, threads=1) for _ in range(2)]
    hashes = {one.net.finished(()).weights_sha256 for one in made}
    assert 1 == len(hashes)


def test_embeddings_and_frozen_layers_stay(base: Path) -> None:
    net = open_net(base, lambda _: None)
    names = {n for n, w in net.module.named_parameters() if net.trained(1) and w.requires_grad}
    assert names and all("layer.1." in n or "pooler" in n for n in names)
    with pytest.raises(BadArgument, match="from 0 to 1, not 2"):
        net.trained(2)
    assert len(net.trained(0)) > len(names)


@pytest.mark.parametrize("form", ["pairs", "triplets", "labels"])
def test_other_forms_learn(form: str, base: Path) -> None:
    rows = scored(80)
    given: list[Any] = [(a, b) for a, b, _ in rows]
    if form == "triplets":
        given = [(a, b, f"nothing {i}") for i, (a, b) in enumerate(given)]
    if form == "labels":
        given = [(f"{WORDS[i % 4]} {a}", WORDS[i % 4]) for i, (a, _) in enumerate(given)]
    options: dict[str, Any] = {"negatives": 2} if form == "pairs" else {}
    told: list[str] = []
    made = contrastive(
        base, given, form=form, epochs=1, rate=1e-3, threads=1, tell=told.append,
        matryoshka=[8], **options,
    )  # fmt: skip
    [figure] = made.card.figures
    assert "nDCG@10" == figure.name
    assert 0 <= figure.held.value <= 1
    if form == "pairs":
        assert any("texts were skipped" in line for line in told)
        assert f"{made.skipped:,} texts" in " ".join(told)


def test_matryoshka_is_in_the_record(base: Path, tmp_path: Path) -> None:
    made = contrastive(base, scored(60), epochs=1, matryoshka=[8, 16], threads=1)
    made.save(tmp_path / "mine", anyway=True, weights="f32")
    assert [16, 8] == cs.load(tmp_path / "mine").space.towers[0].preprocess["matryoshka"]


def test_texts_of_the_test_are_not_learnt_from(base: Path) -> None:
    rows = scored(80)
    told: list[str] = []
    made = contrastive(base, rows, test=rows[:20], epochs=1, threads=1, tell=told.append)
    assert any("20 examples with a text of those held out" in line for line in told)
    assert {"held out": 20}.items() <= made.card.counts.items()
    with pytest.raises(BadArgument, match="nothing is left"):
        contrastive(base, rows, test=rows, epochs=1, threads=1)


def test_progress_tells_the_held_out_measure(base: Path) -> None:
    seen: list[Progress] = []
    contrastive(base, scored(60), epochs=1, threads=1, progress=seen.append)
    assert seen[-1].done == seen[-1].total
    assert all(now.stage.startswith("Spearman ") and now.loss is not None for now in seen)


def test_ctrl_c_keeps_the_best_so_far(base: Path, tmp_path: Path) -> None:
    def press(now: Progress) -> None:
        if now.done > 700:
            raise KeyboardInterrupt

    made = contrastive(base, scored(), epochs=12, rate=5e-3, frozen=0, threads=1, progress=press)
    assert made.stopped
    best = max(point.held for point in made.card.points)
    assert best > made.card.points[0].held
    made.save(tmp_path / "mine", anyway=True, weights="f32")
    assert (tmp_path / "mine" / "card.md").is_file()


def test_numbers_that_run_away_are_named(base: Path) -> None:
    with pytest.raises(TrainingDiverged, match="try a tenth"):
        _diverge(base)


def _diverge(base: Path) -> None:
    from cospace.train.contrastive.examples import read_examples
    from cospace.train.contrastive.loop import Work, fit
    from cospace.train.contrastive.options import tune_settings

    net = open_net(base, lambda _: None)
    examples = read_examples([("a", "b"), ("c", "d")])
    with torch.no_grad():
        for weight in net.module.parameters():
            weight.fill_(float("nan"))
    tokens = net.tokens(examples.texts, "document")
    work = Work(examples, tokens, tokens, np.zeros((2, 0), np.intp))
    fit(net, work, lambda: 0.0, tune_settings({}, "pairs", 32))


def test_a_killed_save_leaves_nothing(tuned: Any, tmp_path: Path) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuned.save(tmp_path / "mine", weights="f32", tell=stop)
    assert [] == list(tmp_path.iterdir())


def test_models_that_cannot_learn(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="hf:sentence-transformers/all-MiniLM-L6-v2"):
        contrastive("minilm", scored(20))
    from cospace.testing.tiny import tiny_folder

    with pytest.raises(BadArgument, match="its graph cannot learn"):
        contrastive(tiny_folder(tmp_path / "tiny"), scored(20))
    with pytest.raises(ModelNotFound):
        contrastive(tmp_path / "nothing", scored(20))


def test_one_group_cannot_be_split(base: Path) -> None:
    with pytest.raises(BadArgument, match="nothing can be held out"):
        contrastive(base, [("same", f"b{i}") for i in range(9)])
