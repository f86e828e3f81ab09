"""Passes: graph in, graph out, meaning unchanged; one a file, listed in pipeline.py."""

from coincell.compiler.passes._base import Pass
from coincell.compiler.passes._channels import rounded as rounded_channels
from coincell.compiler.passes.drop_constant_channels import DROP_CONSTANT_CHANNELS
from coincell.compiler.passes.drop_dead_ops import DROP_DEAD_OPS
from coincell.compiler.passes.drop_shape_operands import DROP_SHAPE_OPERANDS
from coincell.compiler.passes.fold_constants import FOLD_CONSTANTS
from coincell.compiler.passes.fold_known_values import FOLD_KNOWN_VALUES
from coincell.compiler.passes.fold_padding import FOLD_PADDING
from coincell.compiler.passes.fold_space_batches import FOLD_SPACE_BATCHES
from coincell.compiler.passes.fuse_clamps import FUSE_CLAMPS
from coincell.compiler.passes.fuse_residual_add import FUSE_RESIDUAL_ADD
from coincell.compiler.passes.lift_sequences import LIFT_SEQUENCES
from coincell.compiler.passes.merge_equal_channels import MERGE_EQUAL_CHANNELS
from coincell.compiler.passes.merge_equal_ops import MERGE_EQUAL_OPS
from coincell.compiler.passes.merge_lookups import MERGE_LOOKUPS
from coincell.compiler.passes.merge_reshapes import MERGE_RESHAPES
from coincell.compiler.passes.merge_transposes import MERGE_TRANSPOSES
from coincell.compiler.passes.pool_maxima import POOL_MAXIMA

__all__ = [
    "DROP_CONSTANT_CHANNELS",
    "DROP_DEAD_OPS",
    "DROP_SHAPE_OPERANDS",
    "FOLD_CONSTANTS",
    "FOLD_KNOWN_VALUES",
    "FOLD_PADDING",
    "FOLD_SPACE_BATCHES",
    "FUSE_CLAMPS",
    "FUSE_RESIDUAL_ADD",
    "LIFT_SEQUENCES",
    "MERGE_EQUAL_CHANNELS",
    "MERGE_EQUAL_OPS",
    "MERGE_LOOKUPS",
    "MERGE_RESHAPES",
    "MERGE_TRANSPOSES",
    "POOL_MAXIMA",
    "Pass",
    "rounded_channels",
]
