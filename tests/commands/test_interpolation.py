import numpy as np

from commands import rendering
from commands.interpolation import render_loops, render_walks
from sampling.latents import sample_latents
from sampling.snapshot import load_snapshot
from support.media import to_uint8
from tests.commands.making import make


def test_interpolation_begins_and_ends_at_its_latents(trained, monkeypatch):
    seen = []
    monkeypatch.setattr(rendering, "write_sheet", lambda path, sheet, fps: seen.append(sheet))
    make(trained, "interpolation", "--pairs=1", "--steps=3", "--seed=3", "--plain")
    ends = to_uint8(load_snapshot(trained).sample(sample_latents(2, 32, seed=3)))
    # Three clips of 16 pixels, enlarged by 4, 2 pixels apart.
    np.testing.assert_allclose(seen[0][:, ::4, 0:64:4].astype(int), ends[0], atol=1)
    np.testing.assert_allclose(seen[0][:, ::4, 132:196:4].astype(int), ends[1], atol=1)


def test_a_walk_passes_its_latents_and_is_smooth(trained):
    snapshot = load_snapshot(trained)
    latents = sample_latents(6, 32, seed=0).reshape(2, 3, 32)
    walks = render_walks(snapshot, latents, 12)
    assert walks.shape == (2, 25, 16, 16, 3)
    for moment, frame, place in [(0, 0, 0), (12, 2, 1), (24, 4, 2)]:  # 8 frames forth and 6 back.
        clips = to_uint8(snapshot.sample(latents[:, place]))
        np.testing.assert_allclose(walks[:, moment].astype(int), clips[:, frame], atol=1)


def test_latents_of_a_walk_change_little_by_little(trained, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "commands.interpolation.render",
        lambda snapshot, latents, labels: seen.append(latents) or iter(np.zeros((25, 8, 1, 1, 3))),
    )
    latents = sample_latents(3, 32, seed=0)[None]
    render_walks(load_snapshot(trained), latents, 12)
    steps = np.linalg.norm(np.diff(seen[0], axis=0), axis=1)
    whole = np.linalg.norm(latents[0, 1] - latents[0, 0])
    assert steps.max() < 0.2 * whole
    assert max(steps[[0, 11, 12, 23]]) < 0.3 * steps.max()  # Slow at the latents.


def test_loop_passes_its_latents_and_closes(trained):
    snapshot = load_snapshot(trained)
    begin, end = np.split(sample_latents(2, 32, seed=0), 2)
    loop = render_loops(snapshot, begin, end)
    assert loop.shape == (1, 70, 16, 16, 3)  # Five plays of 8 frames forth and 6 back.
    for moment, frame, latent in [(0, 0, begin), (35, 7, -begin)]:
        clip = to_uint8(snapshot.sample(latent))[0]
        np.testing.assert_allclose(loop[0, moment].astype(int), clip[frame], atol=1)
