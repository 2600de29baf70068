"""Learning What and Where to Draw (Reed, Akata, Mohan, Tenka, Schiele, Lee; NIPS 2016).

The generative adversarial what-where network (GAWWN) draws 128 x 128 pixels from noise, a caption's embedding and a
place: either the box that the bird shall fill, or points where its parts shall be. Generator and discriminator have two
paths each: one sees the whole picture, the other one only what lies in the box or at the points.

Glossary
    t, h = phi(t)   caption and its embedding, of a trained text encoder that stays as it is    h [N, E]
    z       noise, standard normal                                                              z [N, Z]
    x       image                                                                               [N, 3, S, S] in [-1, 1]
    box     x, y, width, height in shares of the image's side                                   [N, 4]
    points  K = 15 parts: x, y in shares of the image's side, 1 or 0 (hidden)                   [N, K, 3]
    maps    the points on a grid of M x M cells, 1 at each one's cell                           [N, K, M, M]
    M       16, below 64 pixels 8                                                               released: keypoint_dim

As written: the paper was not read, nor is it on the survey slides. What follows is its released code, reedscot/nips2016
at 6f53bb9, but for what contradicts itself there or breaks what a place means; these are the differences below.
    * Adversarial losses as in GAN-CLS (same authors, same year): right pairs 1, half the weight each for real images
      with another caption and generated images; the generator descends -log D. Step sizes halve likewise.
    * The mismatching caption is one of an image of another class in the batch, as in our GAN-CLS.
    * The generator learns from the images that the discriminator has just seen, judged anew after its update.
    * h is the mean of four captions of an image, drawn without repetition (released; the paper: recalled). A sample has
      the one caption that it is asked for, as in the released demonstrations.
    * Boxes and points follow crop and mirroring. What a crop cuts off is gone: a box ends there, a part is hidden.

Spatial transformer: the released code has that of stnbhwd, whose rows are (y, x) and whose corners are the middles of
the outermost cells (recalled): ``align_corners=True`` here, rows (x, y). Bilinear, zero outside. The discriminator cuts
the box out, the generator goes the inverse way: what fills its grid comes to lie in the box.

Differences of the released code; a run takes over those in ``as_released``
    D1  Mismatching captions are those of the batch in another order: some may be of the same class, or the right ones.
    D2  The last caption of every image is held out, and is never trained on. Images are all those of a downloaded
        folder: whether test species are among them is not to be seen in the code [RISK], and not taken over here.
    D3  The generator's step takes the discriminator's answers from before its update, and goes back through its new
        weights with the activations of the old ones. (Under bfloat16 through the old weights' roundings.)
    D4  Mirrored pictures keep the names of left and right parts.
    D5  A crop pushes what it cuts off inside: a box keeps its size where it is cut at the left or the top, a part
        outside is seen at the edge.
    D6  A part's cell is found by rounding, not by counting cells: half a cell further to the left and up.
    D7  Crops begin at pixel 1 to 22 of 150, never at 0.
    D8 and D9 change nothing here: the trunk's batch normalisations take every batch into their averages twice, which
    nobody reads; seeds.

Silences filled from the released code: all of both networks, their initialisation, biases before batch normalisations
(which take them away again), flips with probability 1/2, whole epochs aside: released images are drawn with repetition.
Sizes below 128 are ours: the stages nearest to the image are left out, and below 64 pixels one between 4 and M, too.

The generator of points (``KeypointGenerator``) fills in those of a bird that are not given, G(z, h, k, s) = s * k + (1 - s)
* f(z, h, k) with s = 1 for given points. Its discriminator sees points and captions; there are no mismatching pairs.
Trained with a tenth of the points given; drawn from with none, and then handed to a trained keypoint model with the same
noise, as in the released demonstration.
"""

from __future__ import annotations

from .config import Config, PointsConfig
from .models import BoxGAWWN, KeypointGAWWN
from .points import KeypointGenerator

__all__ = ["BoxGAWWN", "Config", "KeypointGAWWN", "KeypointGenerator", "PointsConfig"]
