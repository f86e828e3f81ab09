"""Every model of the zoo, run under the address and undefined-behaviour sanitizers.

All models make one program: kernels are compiled once, and each model has its own test vector.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coincell.compiler import TARGETS, CompileOptions, bundle_files, compile_model
from coincell.errors import ModelError, ToolchainError
from coincell.toolchain import C_FLAGS, Compiler, compile_units, find_host_compiler

SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def _compiler() -> Compiler:
    """The host's compiler, if it brings the sanitizers' libraries."""
    compiler = find_host_compiler()
    if compiler.name == "zig":
        pytest.skip("needs gcc or clang with sanitizers")
    return compiler


def _main(names: list[str]) -> str:
    declared = "\n".join(f"int {name}_test(void);" for name in names)
    rows = "\n".join(f'    {{"{name}", {name}_test}},' for name in names)
    return f"""\
#include <stdio.h>

{declared}

static const struct {{
    const char *name;
    int (*test)(void);
}} models[] = {{
{rows}
}};

int main(void)
{{
    int wrong = 0;
    for (unsigned i = 0; i < sizeof models / sizeof models[0]; ++i) {{
        const int bytes = models[i].test();
        if (bytes != 0) {{
            printf("%s: %d\\n", models[i].name, bytes);
            ++wrong;
        }}
    }}
    return wrong;
}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        CompileOptions(),
        CompileOptions(TARGETS["cortex-m4"]),
        CompileOptions(TARGETS["cortex-m4"], "ram"),
    ],
    ids=lambda options: f"{options.target.name}-{options.optimize}",
)
def test_no_model_of_the_zoo_leaves_its_memory(
    options: CompileOptions, zoo: Path, tmp_path: Path
) -> None:
    compiler = _compiler()
    sources: dict[str, str] = {}
    names = []
    for path in sorted(zoo.glob("*.tflite")):
        try:
            compiled = compile_model(path.read_bytes(), path.stem, options)
        except ModelError:
            continue  # refused by name; test_exactness.py says which
        bundle = bundle_files(compiled, {})
        sources |= compiled.sources
        sources[f"{path.stem}_test.c"] = bundle[f"{path.stem}_test.c"]
        names.append(path.stem)
    assert len(names) > 70
    sources["main.c"] = _main(names)
    units = sorted(path for path in sources if path.endswith(".c"))
    objects = compile_units(units, sources, compiler, [*C_FLAGS, "-O1", "-g1", *SANITIZE])
    try:
        compiler.run([*objects, *SANITIZE, "-o", "zoo"], directory=tmp_path)
    except ToolchainError as error:
        pytest.skip(f"no sanitizers here: {error.message}")
    done = subprocess.run(
        [str(tmp_path / "zoo")], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
