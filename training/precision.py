"""In what a step computes: fp32, bf16 over fp32 weights, or fp8 in the blocks' products over that."""

from dataclasses import dataclass

import torch
from torch import nn

from slipway.errors import TrainingError

_FP8_MULTIPLE = 16
"""What both sizes of a weight must divide by for the fp8 product."""


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Neither: fp32. fp8 is never without bf16: what is not a product of a block is bf16."""

    bf16: bool = False
    fp8: bool = False


def use_precision(wanted: str, device: torch.device) -> Precision:
    """What the settings' word means on this device: `auto` is bf16 where it is faster, on a GPU that has it.

    Raises TrainingError when settings demand what the device is without.
    """
    able = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    fp8_able = able and torch.cuda.get_device_capability(device) >= (8, 9)
    if (wanted == "bf16" and not able) or (wanted == "fp8" and not fp8_able):
        raise TrainingError(
            f"precision {wanted} gains nothing on {device.type}: it has no units for it",
            hint="set training.precision to auto or fp32",
        )
    return Precision(bf16=able and wanted != "fp32", fp8=wanted == "fp8")


def use_fp8(blocks: nn.ModuleDict) -> None:
    """Let the products of the blocks' linear layers run in fp8, forward and backward, each tensor with one scale.

    A scale for each row is finer, but costs more than fp8 gains: measured on one H200 it was slower than bf16.

    Raises TrainingError where torchao is not installed; no lock holds it, since only large GPUs gain from it.
    """
    try:
        from torchao.float8 import Float8LinearConfig, convert_to_float8_training  # pyright: ignore
    except ImportError as error:
        raise TrainingError(
            "precision fp8 needs torchao", hint="pip install torchao, in the trainer's image"
        ) from error

    def takes_it(module: nn.Module, _name: str) -> bool:
        return isinstance(module, nn.Linear) and not any(size % _FP8_MULTIPLE for size in module.weight.shape)

    convert_to_float8_training(
        blocks, config=Float8LinearConfig.from_recipe_name("tensorwise"), module_filter_fn=takes_it
    )
