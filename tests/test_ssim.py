"""Structural similarity: scikit-image where it has the reading, closed forms where it has not."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from redraw.core import RedrawError
from redraw.metrics.ssim import OPTIONS, readings, similarities, ssim

rng = np.random.default_rng(0)
TRUE = rng.integers(0, 256, (3, 3, 32, 28)) / 255
NOISY = np.clip(TRUE + 0.3 * rng.normal(size=TRUE.shape), 0, 1)


def column(label: str, images: np.ndarray, true: np.ndarray) -> np.ndarray:
    names = [r.label for r in readings(images.shape[1], min(images.shape[2:]))]
    return similarities(images, true)[:, names.index(label)]


def items(images: np.ndarray, true: np.ndarray) -> dict[str, np.ndarray]:
    """As a drawing of one sample keeps them: the mean image is that sample."""
    found = similarities(images, true)
    names = [r.label for r in readings(images.shape[1], min(images.shape[2:]))]
    labels = [f"{n} {a}" for a in ("samples", "image") for n in names]
    return {"ssim": np.concatenate([found, found], 1), "ssim_labels": np.array(labels)}


@pytest.mark.parametrize("covariance", OPTIONS["covariance"])
@pytest.mark.parametrize(
    ("window", "options"), [("gaussian", {"gaussian_weights": True, "sigma": 1.5}), ("uniform", {})]
)
def test_the_readings_that_scikit_image_has(window, options, covariance):
    options = options | {"use_sample_covariance": covariance == "sample"}
    luma = np.einsum("nchw,c->nhw", TRUE, [0.299, 0.587, 0.114]), np.einsum("nchw,c->nhw", NOISY, [0.299, 0.587, 0.114])
    for n in range(len(TRUE)):
        for values, scale, low, data_range in (
            ("unit", 1, 0, 1), ("unit", 255, 0, 255), ("doubled", 1, 0, 2), ("symmetric", 2, -1, 2),
        ):  # fmt: skip
            pair = [scale * a[n] + low for a in (TRUE, NOISY)]
            cropped, whole = structural_similarity(*pair, channel_axis=0, data_range=data_range, full=True, **options)
            at = f"{values} channels {covariance}"
            assert column(f"{window} cropped {at}", NOISY, TRUE)[n] == pytest.approx(cropped, abs=1e-12)
            assert column(f"{window} reflected {at}", NOISY, TRUE)[n] == pytest.approx(whole.mean(), abs=1e-12)
        grey = structural_similarity(luma[0][n], luma[1][n], data_range=1, **options)
        assert column(f"{window} cropped unit grey {covariance}", NOISY, TRUE)[n] == pytest.approx(grey, abs=1e-12)


def test_one_window_in_closed_form():
    x, y = NOISY[1, 0].ravel(), TRUE[1, 0].ravel()
    for covariance, ddof in (("population", 0), ("sample", 1)):
        cov = np.cov(x, y, ddof=ddof)
        light = (2 * x.mean() * y.mean() + 1e-4) / (x.mean() ** 2 + y.mean() ** 2 + 1e-4)
        expected = light * (2 * cov[0, 1] + 9e-4) / (cov[0, 0] + cov[1, 1] + 9e-4)
        found = column(f"global cropped unit channels {covariance}", NOISY[1:2, :1], TRUE[1:2, :1])
        assert found == pytest.approx([expected], rel=1e-12)


def test_an_image_is_itself_in_every_reading_and_flat_images_differ_by_their_light():
    assert similarities(TRUE, TRUE) == pytest.approx(1, abs=1e-12)
    a, b = 0.2, 0.7
    found = similarities(np.full((1, 3, 16, 16), a), np.full((1, 3, 16, 16), b))[0]
    for r, value in zip(readings(3, 16), found, strict=True):
        x, y = (2 * v - 1 if r.values == "symmetric" else v for v in (a, b))
        c = (0.01 * (1 if r.values == "unit" else 2)) ** 2
        assert value == pytest.approx((2 * x * y + c) / (x * x + y * y + c), rel=1e-9), r.label


def test_a_negative_image_is_less_similar_than_none_unless_its_light_is_negative_too():
    found = similarities(1 - TRUE, TRUE)
    for r, value in zip(readings(3, 28), found.T, strict=True):
        if r.values != "symmetric":  # there the mean's sign turns round as well
            assert (value < 0).all(), r.label
    at = [r.label for r in readings(3, 28)].index
    assert (found[:, at("global cropped symmetric grey population")] > 0).all()


def test_the_default_is_wangs_and_the_envelope_holds_every_reading():
    given = items(NOISY, TRUE)
    found, means = ssim(given), given["ssim"].mean(0)
    assert found["per_item"] == pytest.approx(column("gaussian cropped unit channels population", NOISY, TRUE))
    assert found["envelope"] == [means.min(), means.max()] and means.min() < found["value"] < means.max()
    assert found["spread"] == pytest.approx(found["per_item"].std(ddof=1) / 3**0.5)
    assert found["parts"]["deviation"] == pytest.approx(found["per_item"].std(ddof=1))
    others = {f"{name} {o}" for name, known in OPTIONS.items() for o in known[1:]}
    assert set(found["parts"]) == others | {"deviation"}
    assert found["parts"]["colour grey"] == ssim(given, colour="grey")["value"] != found["value"]
    assert ssim(given, window="global", border="reflected")["value"] == ssim(given, window="global")["value"]


def test_the_mean_image_is_another_reading():
    given = items(NOISY, TRUE)
    half = given["ssim"].shape[1] // 2
    given["ssim"][:, half:] = similarities((NOISY + TRUE) / 2, TRUE)
    assert ssim(given, average="image")["value"] > ssim(given, average="samples")["value"]


def test_one_channel_has_one_colour_and_small_images_no_large_window():
    grey = items(NOISY[:, :1], TRUE[:, :1])
    assert grey["ssim"].shape[1] == 60 and ssim(grey, colour="grey")["value"] == ssim(grey)["value"]
    small = items(NOISY[..., :10, :10], TRUE[..., :10, :10])
    assert ssim(small, window="uniform")["envelope"][1] <= 1
    with pytest.raises(RedrawError, match="^ssim: images smaller than the gaussian window: choose another window$"):
        ssim(small)
    with pytest.raises(RedrawError, match='^ssim: window is "gauss": did you mean "gaussian"'):
        ssim(small, window="gauss")
