"""TensorFlow set up once, silently, or said to be missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from coincell.errors import MissingExtraError
from coincell.models import load_tensorflow


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_one_thread() -> None:
    tf, keras = load_tensorflow()
    assert tf.config.threading.get_intra_op_parallelism_threads() == 1
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1
    assert keras.config.backend() == "tensorflow"
    assert keras.config.floatx() == "float32"


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingExtraError) as caught:
        load_tensorflow.__wrapped__()
    assert caught.value.extra == "train"
    assert "coincell[train]" in caught.value.hint


def test_importing_the_package_does_not_import_tensorflow() -> None:
    done = _python(
        "import sys, coincell.models, coincell.evaluation\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    assert done.returncode == 0, done.stderr


def test_a_tensorflow_that_runs_already_is_refused() -> None:
    done = _python(
        "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
        "import tensorflow as tf\n"
        "tf.config.threading.set_intra_op_parallelism_threads(2)\n"
        "tf.constant(1.0) + 1\n"
        "from coincell.errors import UserError\n"
        "from coincell.models import load_tensorflow\n"
        "try:\n"
        "    load_tensorflow()\n"
        "except UserError as error:\n"
        "    print(error.message)\n"
    )
    assert "one thread" in done.stdout, done.stderr
