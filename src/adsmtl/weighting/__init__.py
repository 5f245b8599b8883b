"""Loss weighting: the weight w_i of each task's loss in the objective sum_i w_i L_i + lambda R.

A weighting is a frozen dataclass whose fields are its parameters in `config/arms.yaml`, with one
pure method. A new one is one small file with such a class, and its name here.
"""

from adsmtl.weighting.dynamic import DynamicWeightAverage
from adsmtl.weighting.equal import Equal
from adsmtl.weighting.uncertainty import Uncertainty

__all__ = ["WEIGHTINGS", "DynamicWeightAverage", "Equal", "Uncertainty", "Weighting"]

Weighting = Equal | DynamicWeightAverage | Uncertainty

# By the name that `weighting` has in config/arms.yaml.
WEIGHTINGS: dict[str, type[Weighting]] = {
    kind.weighting: kind for kind in (Equal, DynamicWeightAverage, Uncertainty)
}
