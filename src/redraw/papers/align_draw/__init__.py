"""Generating Images from Captions with Attention (Mansimov, Parisotto, Ba, Salakhutdinov; ICLR 2016).

A caption is read by a bidirectional LSTM; DRAW's recurrent network paints the image in T strokes, and before each one looks at
the words anew. The latents of a stroke have a prior that depends on those before.

Glossary
    y, h^lang   caption; features of its words, both directions side by side         [N, words], [N, words, 2 U]
    x           image, colours in [0, 1]; in batches [-1, 1]                          [N, C, H, W]
    c_t         canvas after t strokes: logits of the pixels                          [N, C, H, W]
    r_t         what the read window shows of x and of x - sigmoid(c_(t-1))           [N, 2 C, n, n]
    h^infer, h^gen   states of the two LSTMs that paint                               [N, I], [N, G]
    z_t         latents; of q(z_t | x, y, z_<t) in training, of P(z_t | z_<t) in samples   [N, Z]
    s_t, alpha  what is read of the caption before stroke t, weights of the words     [N, 2 U], [N, words]

Modules: text.py reads captions, draw.py paints, models.py has the recipes. AlignDRAW looks at the words, NoAlignDRAW has the
sentence's vector at each step, SkipThoughtDRAW a trained encoder's; ``learned_prior`` false gives N(0, I) at every step.

As written (the poster)
    * L = E[log p(x | y, z)] - sum of KL(q(z_t) || P(z_t | z_<t)), the first prior being N(0, I).
    * Both directions of the language model read the caption itself, the second from its end.
    * The windows lie around their centres.

Differences of the released code (mansimov/text2image@beafc1c), numbered as in the sheet
    D1  The batch is reversed, not the words. Its batches have captions of one length; here those of each length in a batch are
        such a batch. Samples and bounds are of one caption each, which is then its own partner.
    D2  Windows lie a filter's distance too far up and left, with an odd number of filters half of that; and, since pixels are
        counted from 0 against centres that count from 1, a pixel too far down and right (blocks/windows.py).
    D3  Gradients are cut down to norm 10 one tensor at a time.
    D5  The learning rate is a tenth after each validation that is worse than the best so far; that stays part of the state.
    D6  Captions of fewer than 7 and more than 29 words are not trained on.
    D4 concerns scoring alone: metrics/bounds.py, variational_bound_all_captions.

Silences filled from the released code: see the sheet. RMSprop has its small number inside the root (blocks/rmsprop.py). Bounds
are taken at sampled latents, so that their mean over samples is the bound whose KL training has in closed form.
"""

from __future__ import annotations

from .config import Config
from .models import AlignDRAW, NoAlignDRAW, SkipThoughtDRAW

__all__ = ["AlignDRAW", "Config", "NoAlignDRAW", "SkipThoughtDRAW"]
