"""Where things lie: boxes and parts follow the crop, boxes land on the grid where they are put, maps show the parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from redraw.blocks.crops import MIRRORED_PARTS, drawn_window
from redraw.data.drawn.bird_kinds import PARTS as NAMES
from redraw.papers.gawwn import networks

SIDE, K = 38, 15


# --- places ------------------------------------------------------------------------------------------------------------


def box(*numbers: float) -> Tensor:
    return torch.tensor([numbers])


def test_the_box_of_the_whole_image_changes_nothing():
    x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(networks.put_in(x, box(0, 0, 1, 1)), x, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(networks.cut_out(x, box(0, 0, 1, 1)), x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("right", "low"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_what_is_put_in_a_quarter_lies_there_and_nowhere_else(right: int, low: int):
    quarter = box(right / 2, low / 2, 0.5, 0.5)
    laid = networks.put_in(torch.ones(1, 1, 16, 16), quarter)[0, 0]
    rows, columns = (slice(8 * k, 8 * k + 8) for k in (low, right))
    assert laid[rows, columns].min() > 0.99
    other = laid.clone()
    other[rows, columns] = 0
    assert other.abs().max() < 1e-5
    picture = torch.zeros(1, 1, 16, 16)
    picture[0, 0, rows, columns] = 1
    assert networks.cut_out(picture, quarter)[0, 0, 1:-1, 1:-1].min() > 0.99


def test_x_is_across_and_y_is_down():
    laid = networks.put_in(torch.ones(1, 1, 16, 16), box(0.5, 0.0, 0.25, 1.0))[0, 0]
    seen = (laid > 0.5).nonzero()
    assert set(seen[:, 0].tolist()) == set(range(16)) and set(seen[:, 1].tolist()) == {8, 9, 10, 11}


def test_places_by_the_released_arithmetic():
    """Rows (y, x), both ways, bilinear between the middles of cells from -1 to 1, zero outside: written out here again."""
    m, x = 16, np.random.default_rng(0).standard_normal((16, 16))
    b_x, b_y, w, h = 24.0, 40.0, 72.0, 56.0  # pixels of 128
    scale = np.array([h, w]) / 128
    shift = 2 * (np.array([b_y + h / 2, b_x + w / 2]) / 128 - 0.5)
    for inverse in (False, True):
        a, b = (1 / scale, -shift / scale) if inverse else (scale, shift)
        expected = np.zeros((m, m))
        base = np.linspace(-1, 1, m)
        for i in range(m):
            for j in range(m):
                row, column = ((a * (base[i], base[j]) + b) + 1) / 2 * (m - 1)
                for r in (int(np.floor(row)), int(np.floor(row)) + 1):
                    for c in (int(np.floor(column)), int(np.floor(column)) + 1):
                        if 0 <= r < m and 0 <= c < m:
                            expected[i, j] += x[r, c] * (1 - abs(row - r)) * (1 - abs(column - c))
        moved = networks.put_in if inverse else networks.cut_out
        got = moved(torch.from_numpy(x)[None, None], box(b_x, b_y, w, h).double() / 128)
        torch.testing.assert_close(got[0, 0], torch.from_numpy(expected), rtol=1e-9, atol=1e-9)


def test_text_cut_out_by_a_box_is_the_text_everywhere():
    """GAWWN-1: why the discriminator's global path has no box."""
    text = networks.tiled(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), 16)
    boxes = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.0, 0.5, 1.0, 0.5], [0.9, 0.9, 0.1, 0.1]])
    torch.testing.assert_close(networks.cut_out(text, boxes), text, rtol=1e-4, atol=1e-4)


def test_maps_have_a_one_at_the_cell_of_each_part_that_is_seen():
    points = torch.tensor([[[0.0, 0.99, 1.0], [0.5, 0.26, 1.0], [0.7, 0.7, 0.0], [1.0, 0.2, 1.0]]])
    found = networks.maps_of(points, 4, 0.5)
    assert found.nonzero().tolist() == [[0, 0, 3, 0], [0, 1, 1, 2], [0, 3, 0, 3]] and found.max() == 1
    assert networks.anywhere(torch.cat([found, found], 1)).sum() == 3


# --- places follow the image ---------------------------------------------------------------------------------------------


def test_left_and_right_change_places_in_mirrored_pictures():
    other = {"left": "right", "right": "left"}
    wanted = [" ".join(other.get(word, word) for word in name.split()) for name in NAMES]
    assert [NAMES[k] for k in MIRRORED_PARTS] == wanted


def test_boxes_and_points_follow_crop_and_mirroring():
    n = 64
    rng = np.random.default_rng(0)
    image, boxes, points = torch.zeros(n, 1, SIDE, SIDE), torch.zeros(n, 4), torch.zeros(n, K, 3)
    for i in range(n):
        x, y, w, h = rng.integers(0, 24), rng.integers(0, 24), rng.integers(4, 14), rng.integers(4, 14)
        image[i, 0, y : y + h, x : x + w] = 1
        boxes[i], points[i, 6] = torch.tensor([x, y, w, h]), torch.tensor([x + 0.5, y + 0.5, 1])
        image[i, 0, y, x] = 2  # the left eye, at the box's corner
    torch.manual_seed(0)
    window = drawn_window(n, SIDE, SIDE, 24, torch.device("cpu"), 0)
    assert 16 < window.flipped.sum() < 48
    seen, found, at = window.image(image), window.box(boxes) * 24, window.points(points, MIRRORED_PARTS)
    hidden = 0
    for i in range(n):
        lit = (seen[i, 0] > 0).nonzero()
        if len(lit):
            (top, left), (bottom, right) = lit.amin(0).tolist(), (lit.amax(0) + 1).tolist()
            assert found[i].tolist() == pytest.approx([left, top, right - left, bottom - top], abs=1e-4)
        eye = (seen[i, 0] == 2).nonzero()
        part = 10 if window.flipped[i] else 6
        assert not at[i, [k for k in range(K) if k != part]].any()
        hidden += not len(eye)
        if len(eye):
            assert (at[i, part] * 24).tolist() == pytest.approx([*(eye[0].flip(0) + 0.5).tolist(), 24], abs=1e-4)
        else:
            assert not at[i].any()
    assert 0 < hidden < n
    assert found[:, 2:].min() >= 1 and (found[:, :2] + found[:, 2:]).max() <= 24 and found.min() >= 0
