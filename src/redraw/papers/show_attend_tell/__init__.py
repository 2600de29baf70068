"""Show, Attend and Tell: Neural Image Caption Generation with Visual Attention (Xu et al.; ICML 2015).

A network made for classes sees the image and gives a vector for each place of its last map. A recurrent network writes the
caption word by word; before each word its state scores the places, and it reads their vectors weighted by the softmax of the
scores (soft attention), or the vector of one place, drawn by these probabilities (hard attention).

Glossary
    a          annotations, a vector for each of L places                       [N, L, D]
    y          caption: <start>, words, <end>, padding 0                        tokens [N, T]
    h, c       state and cell of the LSTM                                       [N, hidden]
    alpha      probability of each place before each word                       [N, T - 1, L]
    s          the place that hard attention looks at: one of L                 one-hot, [N, T - 1, L]
    z          what is read of the annotations, times the gate beta             [N, T - 1, D]
    b          what the likelihood of a caption usually is, a moving average

Modules: annotator.py sees, networks.py attends and speaks, beam.py searches, captioner.py has the recipe. ``attention: none`` is
the row that the paper calls Google NIC (Vinyals et al. 2015): the image is the first word, and nobody looks at it again.

As written (equations recalled, the paper itself was not read)
    * Places are scored by a network of the annotation and the last state (eq. 4), alpha is the softmax of the scores (eq. 5).
    * The gate beta is a sigmoid of the last state, one number for all of z (section 4.2.1).
    * First state and cell: two networks of the mean annotation.
    * p(y_t) is proportional to exp(L_o (E y_(t-1) + L_h h_t + L_z z_t)) (eq. 7).
    * Doubly stochastic: lambda times the sum over places of (1 - sum over words of alpha)^2 is added (eq. 14).
    * Hard attention: the gradient of the sampled path, lambda_r (log p(y | s, a) - b) times that of log p(s | a), and lambda_e
      times that of the entropy of alpha; b falls by a tenth at each step; an image is shown its expected z with probability 1/2
      (section 4.1).
    * Batches have captions of one length (section 4.3).

Differences of the released code (kelvinxu/arctic-captions@f4565bf), numbered as in the sheet; a run takes over those in its
``as_released``
    D1  The doubly stochastic term is summed over the batch and averaged over places. Well-known codes have other readings:
        ``captioner.doubly_stochastic``, and the field ``regulariser``.
    D2  Adam's correction of its first steps takes 1 - beta for beta, and so does next to nothing (blocks/uncorrected.py).
    D5  No word before the first one: zeros, where we have the vector of <start>.
    D6  Hard attention: b and what it is compared with are means over the words, their difference is divided by 10 and not by the
        number of captions in the batch, which the likelihood is; so is the entropy.
    D7  Hard attention: all images of a batch are sampled, or none.
    D8  Hard attention: the doubly stochastic term has no gradient, since that of alpha is replaced (by Theano's ``known_grads``,
        whose behaviour is recalled).
    D3, D4, D9 and D10 are no switches here. D3: which of ``nats_per_word`` and ``not_bleu_4`` a run's ``watch`` names. D4 is
        scoring. D9: ``hard_at_test``. D10: ``max_words``.

Silences filled from the released code: everything but the equations; see the sheet. Dropout scales what it keeps while training;
the released one scales at test, which is the same but for the size of the weights behind it.
"""

from __future__ import annotations

from .annotator import Annotator
from .captioner import ShowAttendTell

__all__ = ["Annotator", "ShowAttendTell"]
