"""Random numbers by key: uniform, independent between streams, and tied to nothing but key, stream, purpose and seed."""

import numpy as np
import pandas as pd

from orchestration.science.resampling import cluster_weights, key_hashes, normals, t_quantile, uniforms

HASHES = key_hashes(pd.Series(range(20_000)))


def test_numbers_are_uniform_and_streams_purposes_and_seeds_are_unrelated():
    numbers = uniforms(HASHES, np.arange(6)[:, None], seed=1)
    others = [uniforms(HASHES, np.arange(1), seed=2), uniforms(HASHES, np.arange(1), seed=1, purpose=1)]
    counts = np.stack([np.histogram(row, bins=20, range=(0, 1))[0] for row in numbers])
    # Chi-squared with 19 degrees: 43.8 is passed by one in a thousand.
    assert (((counts - 1_000) ** 2 / 1_000).sum(axis=1) < 43.8).all()
    correlation = np.corrcoef(np.vstack([numbers, *others]))
    assert np.abs(correlation[~np.eye(8, dtype=bool)]).max() < 0.03
    assert np.abs(np.corrcoef(numbers[0][:-1], numbers[0][1:])[0, 1]) < 0.03


def test_a_keys_number_does_not_depend_on_the_other_keys():
    some = np.array([17, 3, 999])
    streams = np.arange(4)[:, None]
    np.testing.assert_array_equal(uniforms(HASHES, streams, 1)[:, some], uniforms(HASHES[some], streams, 1))


def test_text_keys_hash_alike_whatever_holds_them():
    text = ["a", "compte é", "b"]
    np.testing.assert_array_equal(key_hashes(pd.Series(text)), key_hashes(pd.Series(text, dtype=object)))


def test_weights_have_mean_and_variance_one_and_are_never_zero():
    weights = np.concatenate([cluster_weights(HASHES, replicate, 3) for replicate in range(20)])
    np.testing.assert_allclose([weights.mean(), weights.var()], 1, atol=0.02)
    assert weights.min() > 0


def test_normals_have_their_moments_and_tails():
    drawn = normals(HASHES, np.arange(10)[:, None], 5, purpose=2)
    np.testing.assert_allclose([drawn.mean(), drawn.std(), (drawn > 1.959964).mean() * 40], [0, 1, 1], atol=0.04)


def test_student_quantiles_equal_the_tables():
    table = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 10: 2.2281, 30: 2.0423, np.inf: 1.9600}
    np.testing.assert_allclose(t_quantile(0.975, np.array(list(table))), list(table.values()), rtol=3e-3)
