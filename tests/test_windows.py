"""Attention windows: values of published code, and cases with an answer that can be written down."""

from __future__ import annotations

import golden
import pytest
import torch

from redraw.blocks import windows
from redraw.blocks.windows import AS_WRITTEN, ERICJANG, TEXT2IMAGE, Grid, Window, filterbank, filters, window

FIXTURE = "draw_filterbank"
SYMMETRIC_PORT = ERICJANG._replace(first_filter=1)


def _fixture(dtype=torch.float64):
    manifest, stored = golden.load(FIXTURE)
    inputs = golden.inputs(manifest)
    total = golden.checksum({"params": inputs["params"]})
    assert total == pytest.approx(manifest["input_checksums"]["params"], rel=1e-12)
    return {name: torch.from_numpy(x).to(dtype) for name, x in inputs.items()}, stored


def _matches(found: dict[str, torch.Tensor], stored, prefix: str, tolerance: float) -> None:
    for name, tensor in found.items():
        golden.match(f"{prefix}.{name}", tensor.flatten(1) if tensor.ndim == 4 else tensor, stored, tolerance)


def _without_gamma(w: Window, image, patch) -> dict[str, torch.Tensor]:
    """What the Theano codes give, which apply gamma outside of the window."""
    plain = w._replace(gamma=torch.ones_like(w.gamma))
    return {"FX": w.f_x, "FY": w.f_y, "read": plain.read(image), "write": plain.write(patch)}


@pytest.mark.parametrize("n", [2, 5, 12])
@pytest.mark.parametrize(("dtype", "tag", "tolerance"), [(torch.float32, "f32", 3e-5), (torch.float64, "f64", 1e-9)])
@pytest.mark.parametrize(("name", "grid"), [("port", ERICJANG), ("port_fixed", SYMMETRIC_PORT)])
def test_window_is_the_published_ports(name, grid, dtype, tag, tolerance, n):
    x, stored = _fixture(dtype)
    w = window(x["params"], n, 28, 28, grid)
    image, patch = x["square"].view(6, 1, 28, 28), x[f"window{n}"].view(6, 1, n, n)
    found = {"FX": w.f_x, "FY": w.f_y, "gamma": w.gamma[:, None], "read": w.read(image), "write": w.write(patch)}
    _matches(found, stored, f"{tag}.{name}.N{n}", tolerance)


@pytest.mark.parametrize("n", [2, 12])
def test_window_is_text2images(n):
    x, stored = _fixture()
    parameters = x["params"][:, [0, 1, 3, 2, 4]]  # there log delta comes before log sigma^2
    w = window(parameters, n, 28, 28, TEXT2IMAGE)
    found = _without_gamma(w, x["square"].view(6, 1, 28, 28), x[f"window{n}"].view(6, 1, n, n))
    _matches(found, stored, f"f64.em.N{n}", 1e-9)


@pytest.mark.parametrize("n", [2, 5, 12])
@pytest.mark.parametrize(("channels", "image", "patch"), [(1, "image", "window"), (3, "image3", "window3_")])
def test_filterbank_of_a_rectangle_is_jbornscheins(channels, image, patch, n):
    x, stored = _fixture()
    prefix = f"f64.jb{channels}.N{n}"
    cy, cx, delta, sigma = (torch.from_numpy(stored[f"{prefix}.{k}"]) for k in ("cy", "cx", "delta", "sigma"))
    f_y, f_x = filterbank(cy, cx, delta, sigma.square(), n, 20, 28, Grid(first_pixel=0))
    w = Window(f_y, f_x, torch.ones(6))
    found = _without_gamma(w, x[image].view(6, channels, 20, 28), x[f"{patch}{n}"].view(6, channels, n, n))
    _matches(found, stored, prefix, 1e-9)


def test_parameters_in_the_papers_order():
    """g~X, g~Y, log sigma^2, log delta, log gamma: the formulas of equations 21 to 24 beside a filterbank of their own."""
    p = torch.randn(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) / 2
    w = window(p, 3, 10, 14)
    g_x, g_y, sigma2, delta, gamma = p[:, 0], p[:, 1], p[:, 2].exp(), 13 / 2 * p[:, 3].exp(), p[:, 4].exp()
    f_y, f_x = filterbank(11 / 2 * (g_y + 1), 15 / 2 * (g_x + 1), delta, sigma2, 3, 10, 14)
    assert torch.allclose(w.f_y, f_y) and torch.allclose(w.f_x, f_x) and torch.equal(w.gamma, gamma)


def _narrow(n: int, height: int, width: int, g_x: float, g_y: float, delta: float, gamma: float = 1.0) -> Window:
    """A window whose filters see one pixel each; ``g_x`` and ``g_y`` in pixels counted from 1."""
    unit = (max(height, width) - 1) / (n - 1)
    numbers = [2 * g_x / (width + 1) - 1, 2 * g_y / (height + 1) - 1, 1e-3, delta / unit, gamma]
    p = torch.tensor(numbers, dtype=torch.float64)
    p[2:] = p[2:].log()
    return window(p[None], n, height, width, AS_WRITTEN._replace(added=0.0))


def test_distance_one_at_a_whole_centre_reads_a_crop_and_writes_it_back():
    image = torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    w = _narrow(3, 9, 12, g_x=7, g_y=4, delta=1, gamma=2.0)
    crop = image[:, :, 2:5, 5:8]
    assert torch.allclose(w.read(image), 2 * crop, atol=1e-12)
    back = torch.zeros_like(image)
    back[:, :, 2:5, 5:8] = crop / 2
    assert torch.allclose(w.write(crop), back, atol=1e-12)


def test_all_numbers_zero_put_filters_on_the_corners_of_the_image():
    p = torch.zeros(1, 5, dtype=torch.float64)
    p[:, 2] = -7
    w = window(p, 4, 10, 10)
    assert w.f_x.argmax(-1).tolist() == w.f_y.argmax(-1).tolist() == [[0, 3, 6, 9]]
    assert torch.allclose(w.f_x[0], w.f_x[0].flip(0, 1))  # symmetric around the middle


@pytest.mark.parametrize("grid", [AS_WRITTEN, TEXT2IMAGE, ERICJANG])
def test_constant_image_reads_constant(grid):
    p = torch.zeros(1, 5)
    p[:, 3] = -1.5  # well inside
    assert torch.allclose(
        window(p, 4, 20, 20, grid).read(torch.full((1, 2, 20, 20), 0.7)), torch.tensor(0.7), atol=1e-4
    )


def test_write_is_the_transpose_of_read():
    drawn = torch.Generator().manual_seed(2)
    p, image, patch = (
        torch.randn(shape, generator=drawn, dtype=torch.float64) for shape in [(5, 5), (5, 3, 8, 11), (5, 3, 4, 4)]
    )
    w = window(p, 4, 8, 11)._replace(gamma=torch.ones(5, dtype=torch.float64))
    assert torch.allclose((w.read(image) * patch).sum((1, 2, 3)), (image * w.write(patch)).sum((1, 2, 3)))


@pytest.mark.parametrize(
    ("n", "grid", "shift"),
    [
        (4, Grid(first_filter=0), -4.0),
        (5, Grid(first_filter=0), -4.0),
        (4, Grid(first_filter=0, whole_half=True), -4.0),
        (5, Grid(first_filter=0, whole_half=True), -2.0),
        (5, Grid(first_pixel=0), 1.0),
    ],
)
def test_released_grids_are_displaced(n, grid, shift):
    """By a filter's distance (4 pixels here), half of one where n/2 loses its half, and a pixel for the pixels' count."""
    centre, delta, sigma2 = torch.tensor([20.0]), torch.tensor([4.0]), torch.tensor([2.0])
    pixels = torch.arange(60.0)
    means = [(filters(centre, delta, sigma2, n, 60, g) * pixels).sum(-1) for g in (AS_WRITTEN, grid)]
    assert torch.allclose(means[1] - means[0], torch.tensor(shift), atol=2e-3)


def test_filter_far_off_the_image_is_none():
    f = filters(torch.tensor([-90.0]), torch.tensor([1.0]), torch.tensor([1.0]), 2, 10)
    assert torch.equal(f, torch.zeros(1, 2, 10))


def test_window_stays_in_full_precision_under_autocast():
    drawn = torch.Generator().manual_seed(3)
    p, image = torch.randn(2, 5, generator=drawn) / 2, torch.rand(2, 1, 16, 16, generator=drawn)
    wanted = window(p, 4, 16, 16).read(image)
    with torch.autocast("cpu", torch.bfloat16):
        w = window(p, 4, 16, 16)
        assert w.read(image).dtype == w.write(w.read(image)).dtype == torch.float32
        assert torch.equal(w.read(image), wanted)
        assert window(p.bfloat16(), 4, 16, 16).f_x.dtype == torch.float32


def test_gradients_reach_all_five_numbers():
    p = torch.randn(3, windows.PARAMETERS, generator=torch.Generator().manual_seed(4), dtype=torch.float64) / 3
    image = torch.rand(3, 2, 6, 7, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda p: window(p, 3, 6, 7).read(image), p.requires_grad_())
    assert torch.autograd.gradcheck(lambda p: window(p, 3, 6, 7).write(image[:, :, :3, :3]), p)
