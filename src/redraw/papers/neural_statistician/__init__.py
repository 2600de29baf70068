"""Towards a Neural Statistician (Edwards and Storkey; ICLR 2017).

A variational auto-encoder of sets: what all elements of a set share is a latent of its own, the context, whose posterior
sees the set through a mean over its elements. ``Statistician`` learns sets of drawings of one character (section 4.3),
``Spatial`` digits as sets of points (4.2), ``Points`` sets of numbers of one distribution (4.1). ``Transferred`` is a trained
``Statistician`` on another data set.

Glossary
    x, D     an element and its set                                     M sets of K elements
    h        features of an element                                     [M, K, F]
    c        context, of q(c | D) = Normal(mean, variance), prior N(0, I)    [M, C]
    z_l      latents of an element, l = L to 1, of q(z_l | z_(l+1), x, c), prior p(z_l | z_(l+1), c)     [M, K, Z]
    loss     -(1 + a) log p(x | z, c) + (KL of c + KL of all z) / (1 + a), in nats per element; a is halved each epoch

As written (recalled, the paper's body was not read)
    * Sample dropout: of each training set only some elements enter the mean, all are reconstructed; how many there were is
      told to the network behind the mean. A single image is thus a set as others.
    * A set turned by quarter turns or mirrored is one of another character. Dilation widens the strokes of a whole set.
    * Pixels are drawn binary each time anew. Ink is what there is less of: 1 on whatever ground.
    * Log variances are kept within -10 and 10 (ours): sets of points otherwise end in a division by 0.

Differences of a well-known code, conormdurkan/neural-statistician (the authors released none); a run takes over those in its
``as_released``
    D1  turned sets keep their grey pixels as targets
    D2  all five images enter the mean, always; nothing is told of their number
    D3  one batch normalisation over all parameters of a distribution, as over a single channel
    D4  of the numbers' sets Gaussian and Laplacian ones have the variance as deviation, and as scale
    D5, D6 are no switches: see the sheet.
"""

from __future__ import annotations

from .images import Statistician, Transferred
from .networks import Config, PointsConfig
from .vectors import Points, Spatial

__all__ = ["Config", "Points", "PointsConfig", "Spatial", "Statistician", "Transferred"]
