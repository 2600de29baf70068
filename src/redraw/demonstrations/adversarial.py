"""Generators and discriminators: losses, weights of terms, noise, averages; as written and as released."""

from __future__ import annotations

import torch
from torch import nn

from ..blocks.averages import Average
from ..blocks.conditioning import ConditioningAugmentation, divergence, noise_of
from ..papers import gan_int_cls, stackgan, stackgan_v2
from . import setting

# --- GAN-INT-CLS ----------------------------------------------------------------------------------------------------


def interpolation_weight() -> dict[str, str]:
    """GAN-INT-CLS-1: the gradient that one drawn and one interpolated caption get, each in units of a mean of its own."""

    found = {}
    for name, one_mean in (("a mean each (eq. 5)", False), ("one mean over all (released)", True)):
        logits = torch.zeros(96, requires_grad=True)
        gan_int_cls.generator_loss(logits, 64, weight=1.0, one_mean=one_mean).backward()
        unit = 0.5  # the slope of -log sigmoid at 0
        drawn, between = (float(-part.sum()) / unit for part in (logits.grad[:64], logits.grad[64:]))
        found[name] = f"drawn captions {drawn:.3f}, interpolated ones {between:.3f}, ratio {between / drawn:.2f}"
    return found


def silent_extra_fakes() -> dict[str, str]:
    """GAN-INT-CLS-2: how far images of drawn captions move when others, of weight 0, are normalised together with them."""

    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)).train()
    embeddings = torch.randn(64, 8)
    with torch.no_grad():
        alone = layer(embeddings)
        together = layer(torch.cat([embeddings, 0.5 * (embeddings[:32] + embeddings[32:])]))[:64]
        gap, size = (together - alone).square().mean().sqrt(), alone.square().mean().sqrt()
    return {
        "a normalised layer, 64 rows alone against 64 rows beside 32 interpolated ones": f"differ by {100 * gap / size:.0f} %"
    }


def missing_block() -> dict[str, str]:
    """GAN-INT-CLS-3: what one place of the discriminator's 4 x 4 sees of an image with its residual block and without."""
    found = {}
    for name, residual in (
        ("with the block, as corrected", True),
        ("without it, as released until October 2016", False),
    ):
        torch.manual_seed(0)
        trunk = gan_int_cls.Trunk(64, 8, bias=False, third_rectified=False, residual=residual).eval()
        image = torch.randn(1, 3, 64, 64, requires_grad=True)
        trunk(image)[0, :, 1, 1].sum().backward()
        seen = int((image.grad.abs().sum(1) > 0).sum())
        found[name] = f"a place sees {100 * seen / 64**2:.0f} % of the image's pixels"
    trunk = gan_int_cls.Trunk(64, int(setting("gan_int_cls", "GANINTCLS", "ndf")), False, False)
    block = sum(p.numel() for p in trunk[-1].parameters())
    found["weights of the block at the released width"] = f"{block:,} that nothing passes through"
    return found


def signs_of_algorithm_1() -> dict[str, str]:
    """GAN-INT-CLS-4: what 300 steps of algorithm 1 teach, as printed and with the sign turned."""
    found = {}
    for name, sign in (("as printed, log s is descended", -1.0), ("as corrected, log s is ascended", 1.0)):
        torch.manual_seed(0)
        judge, drawn = nn.Linear(1, 1), nn.Parameter(torch.zeros(1))
        right, wrong, fake = (torch.randn(256, 1) + middle for middle in (2.0, -2.0, -2.0))
        steps = torch.optim.SGD([*judge.parameters(), drawn], 0.05)
        for _ in range(300):
            judged = [judge(pair).flatten() for pair in (right, wrong, fake)]
            loss = gan_int_cls.discriminator_loss(*judged, cls_weight=0.5)["discriminator"]
            steps.zero_grad()
            (sign * (loss + gan_int_cls.generator_loss(drawn, 1, 0.0, False))).backward()
            steps.step()
        with torch.no_grad():
            sure = [torch.sigmoid(judge(pair)).mean() for pair in (right, wrong)]
        found[name] = (
            f"right pairs are called right with {sure[0]:.2f}, wrong ones with {sure[1]:.2f}; a generated image's own score "
            f"went from 0.50 to {float(torch.sigmoid(drawn.detach())):.2f}"
        )
    return found


# --- StackGAN -------------------------------------------------------------------------------------------------------


def saturating_loss() -> dict[str, str]:
    """STACKGAN-6: the slope that a generator gets where the discriminator is sure that its image is generated."""
    found = {}
    for share in (0.5, 0.1, 0.01, 0.001):
        slopes = []
        for saturating in (True, False):
            logits = torch.logit(torch.full((1,), share)).requires_grad_()
            stackgan.adversarial_loss(logits, saturating).backward()
            slopes.append(abs(float(logits.grad)))
        found[f"D = {share:g}"] = (
            f"log(1 - D) of eq. 4 and 6 {slopes[0]:.3g}, -log D as released {slopes[1]:.3g}, {slopes[1] / slopes[0]:.0f} times"
        )
    return found


def weight_of_the_divergence() -> dict[str, str]:
    """STACKGAN-4, STACKGAN-V2-4: the divergence of one caption's distribution with the weight as written and as released."""
    found = {}
    for paper, recipe, dim, written, released in (
        ("stackgan", "StageI", "nc", "lambda_kl", "released_kl"),
        ("stackgan_v2", "StackGANv2", "c_dim", "kl_weight", "released_kl_weight"),
    ):
        width = int(setting(paper, recipe, dim))
        mean = float(divergence(torch.ones(1, width), torch.zeros(1, width)))
        full, taken = setting(paper, recipe, written) * width * mean, setting(paper, recipe, released) * mean
        found[f"{paper}, {width} means one deviation off"] = (
            f"{full:g} nats as written, {taken:g} as released: {full / taken:g} times less"
        )
    return found


def rectified_deviations() -> dict[str, str]:
    """STACKGAN-3: which deviations and means a map of captions can give with what stands behind it in each code."""
    torch.manual_seed(0)
    h, found = torch.randn(200, 1024), {}
    for name, activation, half in (
        ("a linear map, as written", "none", 0.5),
        ("leaky rectifier on log sigma (hanzhanggit/StackGAN)", "leaky_relu", 1.0),
        ("rectifier on the log variance (hanzhanggit/StackGAN-Pytorch)", "relu", 0.5),
        ("gated, on the log variance (StackGAN-v2, AttnGAN)", "glu", 0.5),
    ):
        torch.manual_seed(1)
        augmentation = ConditioningAugmentation(1024, 128, activation)
        nn.init.normal_(augmentation.fc.weight, 0.0, 1 / 32)  # means and log deviations of about one
        with torch.no_grad():
            mu, log = augmentation(h)
            sigma = (half * log).exp()
        found[name] = (
            f"deviations from {sigma.min():.2f} on, {100 * (sigma < 1).float().mean():.0f} % of them below 1; "
            f"{100 * (mu < 0).float().mean():.0f} % of the means below 0"
        )
    return found


def cut_off_noise() -> dict[str, str]:
    """STACKGAN-5: the noise of the conditioning augmentation as written and cut off at two deviations."""
    torch.manual_seed(0)
    noise = torch.randn(200_000)
    found = {"normal, as written": noise, "cut off at two deviations, as released": stackgan.truncated(noise)}
    return {
        name: f"deviation {n.std():.2f}, {100 * (n.abs() > 2).float().mean():.1f} % beyond 2"
        for name, n in found.items()
    }


# --- StackGAN++ -----------------------------------------------------------------------------------------------------


def overwritten_weights() -> dict[str, str]:
    """STACKGAN-V2-1: weights in training beside their average, around the step at which the one replaces the other."""
    decay = setting("stackgan_v2", "StackGANv2", "average_decay")
    every = int(setting("stackgan_v2", "StackGANv2", "overwrite_every"))
    found, ends = {}, {}
    for name, overwrites in (("as written", False), ("as released", True)):
        torch.manual_seed(0)
        live = nn.Linear(64, 1, bias=False)
        average, steps = Average(live, decay), torch.optim.SGD(live.parameters(), 0.01)
        for _ in range(every):
            steps.zero_grad()
            live.weight.grad = live.weight.detach() + torch.randn(1, 64)  # towards 0, with a batch's noise
            steps.step()
            average.update(live)
        before = live.weight.detach().clone()
        if overwrites:
            average.overwrite(live)
        apart = float((live.weight.detach() - average.network.weight).norm())
        moved = float((live.weight.detach() - before).norm())
        ends[name] = (apart, moved)
        found[f"{name}, after {every:,} steps"] = (
            f"live weights and average are {apart:.3f} apart; saving them moved the live ones by {moved:.3f}"
        )
    one_step = 0.01 * 64**0.5
    found["for comparison, the noise of one step"] = (
        f"{one_step:.3f}; the jump is {ends['as released'][1] / one_step:.1f} of it"
    )
    return found


def mismatched_is_real() -> dict[str, str]:
    """STACKGAN-V2-2: what the best discriminator says of an image alone that is as probable real as generated."""
    found = {}
    for name, wrong_is_real in (("as written", False), ("as released", True)):
        logit = torch.zeros(1, requires_grad=True)
        steps = torch.optim.SGD([logit], 1.0)
        for _ in range(300):
            judged = [(torch.zeros(1), logit)] * 3  # a real, a mismatched and a generated one, all looking alike
            steps.zero_grad()
            stackgan_v2.discriminator_loss(judged, wrong_is_real).backward()
            steps.step()
        found[name] = f"real with a probability of {float(torch.sigmoid(logit.detach())):.3f}"
    return found


def colour_terms() -> dict[str, str]:
    """STACKGAN-V2-3: what is left of lambda_1 and lambda_2 when norms are replaced by means over 3 and 9 entries."""
    torch.manual_seed(0)
    images = [torch.rand(8, 3, side, side) for side in (8, 16)]
    found = {}
    for name, weights in (("means of colour", (1.0, 0.0)), ("covariances", (0.0, 1.0))):
        norm, mean = (float(stackgan_v2.colour_consistency(images, *weights, one_mean=m)) for m in (False, True))
        found[name] = f"{norm:.3g} as written, {mean:.3g} as released: 1/{norm / mean:.0f} of it"
    return found


def matching_wrong_images() -> dict[str, str]:
    """STACKGAN-V2-8: how many "wrong" images have the right class when one is drawn once more and then kept."""
    found = {}
    for classes, what in (
        (150, "CUB's training classes"),
        (82, "Oxford-102's"),
        (10, "ten classes"),
        (1, "one class, as COCO"),
    ):
        torch.manual_seed(0)
        class_id = torch.randint(classes, (100_000,))
        same = class_id[stackgan_v2.another(class_id, one_redraw=True)] == class_id
        found[f"{what} ({classes})"] = f"{100 * same.float().mean():.3g} % of wrong pairs are of the right class"
    return found


def shared_noise() -> dict[str, str]:
    """STACKGAN-V2-7: how far a mean over 29,280 images moves with their noise, drawn for each and shared by ten."""
    images, captions, found = 2928, 10, {}
    groups = torch.arange(images).repeat_interleave(captions)
    for name, conditions in (
        ("a noise for each caption", {}),
        ("one for an image's ten captions", {"noise_group": groups}),
    ):
        means = [noise_of(conditions, images * captions, 128, seed).mean(0) for seed in range(2)]
        error = float(torch.cat(means).std()) * (images * captions) ** 0.5
        kinds = len(torch.unique(noise_of(conditions, images * captions, 2, 0), dim=0))
        found[name] = (
            f"{kinds:,} different noises; a mean over the images is off by {error:.1f} / sqrt({images * captions:,})"
        )
    return found
