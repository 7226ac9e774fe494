"""What each setting of *Advanced* is called, and what it does, for somebody who interprets and does not program.

The docstrings of the dataclasses say the same for those who do.
"""

from __future__ import annotations

from napari_fhn.network.architecture import Architecture
from napari_fhn.training.job import Job
from napari_fhn.training.objective import Objective
from napari_fhn.training.schedule import Schedule

WORDS: dict[type, dict[str, tuple[str, str]]] = {
    Architecture: {
        "h": (
            "time step",
            "How far the network goes in each layer. Larger steps change the data more; too large ones make it "
            "unstable, which is found out and put right while training.",
        ),
        "context": (
            "neighbouring sections",
            "For networks of sections: how many sections before and after are seen beside the one that is classified.",
        ),
        "activation": (
            "activation",
            "The function between the two convolutions of a layer. 'relu' is the paper's; 'tanh' and 'softplus' "
            "are smooth.",
        ),
        "normalization": (
            "normalization",
            "Whether values within a layer are brought to a common spread: over each block, each voxel, or all "
            "blocks of a step.",
        ),
        "bias": ("offsets", "Whether each layer may add a constant of its own."),
        "haar_lift": (
            "coarser by halving",
            "How often the data are halved in resolution before the first layer. Nothing is lost: the details "
            "become channels. Saves time and memory, and sees farther.",
        ),
        "initial": (
            "first weights",
            "How large the random weights of the beginning are: 'unit' is safe, 'glorot' is the paper's and up to "
            "twice as large.",
        ),
    },
    Schedule: {
        "steps": ("steps", "How long to train. In each step some blocks are looked at and the network is corrected."),
        "batch": (
            "blocks in a step",
            "How many blocks are looked at before the network is corrected. More is steadier, and slower.",
        ),
        "accumulate": (
            "shown in parts",
            "In how many parts the blocks of a step are looked at. As many as there are blocks needs the memory "
            "of one and teaches nearly the same.",
        ),
        "block": (
            "block size",
            "Largest piece of the survey that is looked at, in voxels along each of its axes, in their order.",
        ),
        "learning_rate": (
            "learning rate",
            "How much each step corrects, as a share of the weights. Halve it when the loss jumps about.",
        ),
        "weight_decay": (
            "weight decay",
            "How strongly weights are drawn to zero, so that little is learnt by heart. More for very few labels.",
        ),
        "optimiser": (
            "optimiser",
            "How corrections are made of what a step finds: 'adamw' suits nearly all; 'sgd' is the paper's.",
        ),
        "momentum": ("momentum", "For 'sgd': how much of the steps before goes on, from 0 to below 1."),
        "decay": (
            "rate falls",
            "How the learning rate falls: smoothly to zero ('cosine'), at intervals ('step'), or not at all "
            "('constant').",
        ),
        "decay_every": ("falls every", "For 'step': how many steps lie between two falls of the rate."),
        "decay_factor": (
            "falls to",
            "For 'step': what share of the rate is left after each fall, above 0 and up to 1.",
        ),
        "warmup": ("warm-up", "Steps in which the rate rises from zero at the beginning."),
        "gradient_norm": (
            "largest correction",
            "A correction that is larger than this is cut to it, so that one odd block does no harm. 0 cuts none.",
        ),
        "average": (
            "averaged weights",
            "Predict with weights averaged over the latest steps: 0.99 is about a hundred of them. 0 takes those "
            "of the last step.",
        ),
        "patience": (
            "patience",
            "End when the score on the labels held out has got no better so many times, and keep the best network. "
            "0 trains all steps.",
        ),
        "enough": ("enough", "End when the loss of the last twenty steps is below this. 0 trains all steps."),
        "shear": (
            "tilt",
            "Largest random dip, in samples per trace, by which blocks and their labels are tilted. Keeps the "
            "network from learning columns by heart; more where layers dip. Without time or depth it does "
            "nothing.",
        ),
        "shift": ("shift", "Largest random shift up or down of a block and its labels, in samples."),
        "noise": ("noise", "How much random noise is added while training; 1 is as strong as the data."),
        "flips": (
            "mirrored along",
            "Along which axes blocks are mirrored half of the time: 0 is the first, 1 the second; 'auto' for all but "
            "time or depth.",
        ),
        "permute": (
            "swapped axes",
            "'0, 1': half of the time, swaps the first two axes. Empty swaps none.",
        ),
        "labels_share": (
            "share of the labels",
            "What share of the labelled voxels a step learns from, drawn anew each time; above 0 and up to 1.",
        ),
        "focus_share": (
            "share near the view",
            "What share of the blocks is drawn from the labels nearest to what is in view.",
        ),
        "pseudo_labels": (
            "share without labels",
            "What share of the blocks is drawn where nothing is labelled, and learnt from by what is known there "
            "without the network (pseudo-labels). 0 learns from labels alone. Without time or depth it does nothing.",
        ),
        "seed": ("seed", "Which random numbers are drawn: the same seed gives the same training, on the same machine."),
        "precision": (
            "precision",
            "How finely convolutions are computed: 'bfloat16' is coarser and faster on some machines; 'auto' "
            "tries it out.",
        ),
        "keep": (
            "kept in memory",
            "What is kept instead of computed again: 'nothing' needs least memory, 'states' is a quarter faster; "
            "'auto' goes by the memory that is free.",
        ),
    },
    Objective: {
        "losses": (
            "losses",
            "What counts as a mistake: 'cross-entropy' suits most; 'focal' looks at what is hard, 'dice' and "
            "'lovasz' at the overlap of whole classes. Several are added.",
        ),
        "balance": (
            "balance of classes",
            "How much more a voxel of a rare class counts: not at all ('none'), by the root of its rarity "
            "('sqrt'), up to a limit ('effective'), fully ('full'), or fully in each block ('block').",
        ),
        "beta": ("limit of the balance", "For 'effective': 0 is no balance, close to 1 a full one."),
        "gamma": (
            "focus on the hard",
            "For 'focal': how little a voxel counts that is right already. 0 lets all count alike.",
        ),
        "smoothing": (
            "doubt in labels",
            "How far labels may be wrong: 0.1 lets a tenth of each label go to the other classes.",
        ),
    },
    Job: {
        "position": (
            "position",
            "Whether the network is told where a voxel lies: not at all, its time or depth, or along every axis. "
            "Depth helps with layers; all axes learn places by heart.",
        ),
        "neighbours": (
            "told by labels",
            "Whether the network is told what the nearest labels say. Good where classes change little from one "
            "labelled place to the next.",
        ),
        "flips": (
            "mirrored predictions",
            "Average predictions over mirrored data: a little better, at several times the work.",
        ),
        "memory": (
            "memory in bytes",
            "How much memory may be used. Blocks and tiles are made to fit; 'auto' takes what is free.",
        ),
    },
}
"""By dataclass and field: the title of its control, and its tooltip."""


def title_and_words(of: type, name: str) -> tuple[str, str]:
    """Return what a setting is called and what it does; its bare name where nobody has said it."""
    plain = name.replace("_", " ")
    title, words = WORDS.get(of, {}).get(name, (plain, ""))
    # Jobs, messages and `--set` have the name of the field.
    return title, words if title == plain else f"{words} Called {name} in jobs and messages."
