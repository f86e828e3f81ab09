"""Networks whose inputs or outputs are not int8, with random settings."""

from __future__ import annotations

from compiler.networks import RELU, Network
from compiler.open_shapes import whole_shape
from compiler.random_networks import flag

REQUANTIZATIONS = (
    ("int8", "uint8"),
    ("uint8", "int8"),
    ("int8", "int16"),
    ("int8", "int32"),
    ("int16", "int8"),
    ("int16", "int16"),
    ("int16", "int32"),
    ("int32", "int8"),
    ("int32", "int16"),
)


def _typed(network: Network, dtype: str) -> int:
    """An image of one type, quantized unless it is float32."""
    shape = (1, 3, 4, 2)
    zero_points = {"int8": network.zero_point(), "uint8": int(network.random.integers(256))}
    x = network.tensor(shape, network.scale(), zero_points.get(dtype, 0))
    network.tensors[x].dtype = dtype
    if dtype == "float32":
        network.tensors[x].scale = None
    return x


def between(network: Network, code: int, source: str, target: str) -> int:
    x, y = _typed(network, source), _typed(network, target)
    network.inputs.append(x)
    return network.operator(code, [x], y, 37 if code == 53 else 0)


def requantization(network: Network, source: str, target: str) -> int:
    y = between(network, 114, source, target)
    factor = {"int8": 1.0, "uint8": 1.0, "int16": 2.0**-8, "int32": 2.0**-16}
    network.tensors[y].scale = network.scale() * factor[target] / factor[source]
    return y


def requantize(network: Network) -> int:
    source, target = network.random.choice(REQUANTIZATIONS)
    return requantization(network, str(source), str(target))


def quantize(network: Network) -> int:
    y = between(network, 114, "float32", str(network.random.choice(["int8", "int16"])))
    if network.tensors[y].dtype == "int8" and flag(network):
        network.tensors[y].zero_point = int(network.random.choice([-128, 127]))
    return y


def quantize_uint8(network: Network) -> int:
    return between(network, 114, "float32", "uint8")


def dequantize(network: Network) -> int:
    source = str(network.random.choice(["int8", "uint8", "int16"]))
    return between(network, 6, source, "float32")


def cast(network: Network) -> int:
    source = network.random.choice(["int8", "int16", "int32", "float32"])
    target = network.random.choice(["int8", "int16", "int32", "float32"])
    return between(network, 53, str(source), str(target))


def cast_int64(network: Network) -> int:
    return between(network, 53, "int64", str(network.random.choice(["int8", "int16", "int32"])))


def arg_extremum_int64(network: Network) -> int:
    """ARG_MAX (56) or ARG_MIN (79), whose places are int64."""
    x = network.input((1, 4, 5, 6))
    axis = int(network.random.integers(-4, 4))
    shape = [size for index, size in enumerate(network.shape(x)) if index != axis % 4]
    y = _typed(network, "int64")
    network.tensors[y].shape, network.tensors[y].scale = shape, None
    operand = network.constant(axis, "int32")
    if flag(network):
        return network.operator(56, [x, operand], y, 40, {0: ("b", 4)})
    return network.operator(79, [x, operand], y, 57, {0: ("b", 4)})


def through_floats(network: Network) -> int:
    """NEG, SQUARE, SQRT or ELU of floats, and two of them, between DEQUANTIZE and QUANTIZE."""
    x = network.input((1, 3, 4, 2))
    network.tensors[x].zero_point = -128
    code = int(network.random.choice([59, 75, 92, 111]))
    scale = network.scale_of(x)
    if code == 111:
        network.tensors[x].zero_point = 0
    sizes = {59: (scale, 127), 111: (scale, 0), 75: ((255 * scale) ** 0.5 / 255, -128)}
    size, zero_point = sizes.get(code, (255 * scale**2, -128))
    codes = [code, 59] if code != 59 and flag(network) else [code]
    if len(codes) == 2:
        zero_point = 127
    y = network.tensor((1, 3, 4, 2), size * float(network.random.uniform(0.5, 2)), zero_point)
    floats = [_typed(network, "float32") for _ in range(len(codes) + 1)]
    network.operator(6, [x], floats[0])
    for number, source, target in zip(codes, floats, floats[1:], strict=False):
        network.operator(number, [source], target)
    return network.operator(114, [floats[-1]], y)


def float_to_float(network: Network) -> int:
    """A dense layer between QUANTIZE and DEQUANTIZE, and perhaps a RESHAPE of floats."""
    x = network.tensor((1, 12), 0.05, -7)
    outside = network.tensor((1, 3, 4) if flag(network) else (1, 12), 1.0, 0)
    network.tensors[outside].dtype, network.tensors[outside].scale = "float32", None
    network.inputs.append(outside)
    flat = outside
    if len(network.shape(outside)) == 3:
        operand = network.constant([1, 12], "int32")
        flat = network.tensor((1, 12), 1.0, 0)
        network.tensors[flat].dtype, network.tensors[flat].scale = "float32", None
        network.operator(22, [outside, operand], flat, 17)
    network.operator(114, [flat], x)
    y = network.fully_connected(x, 5, RELU)
    made = network.tensor((1, 5), 1.0, 0)
    network.tensors[made].dtype, network.tensors[made].scale = "float32", None
    return network.operator(6, [y], made)


OPERATORS = {
    made.__name__: made
    for made in (cast, dequantize, float_to_float, quantize, requantize, through_floats)
}

WITHOUT_TFLM = {
    made.__name__: made for made in (arg_extremum_int64, cast_int64, quantize_uint8, whole_shape)
}
"""What TFLM lacks."""
