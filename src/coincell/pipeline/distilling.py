"""Teacher and student: who teaches, and how good both are."""

from __future__ import annotations

from typing import Any

from coincell.models import (
    Examples,
    Teacher,
    check_class_order,
    count_parameters,
    evaluate_network,
    load_network,
)
from coincell.pipeline.stage import StageContext
from coincell.pipeline.stages.inputs import teacher_file


def teacher_of(context: StageContext, learning: Examples) -> Teacher | None:
    """The teacher that [training.distillation] names; None where there is none.

    Raises:
        ModelError: the file is broken or not safe, takes or gives something else, or its classes
            are not the project's in their order.
    """
    found = teacher_file(context.project)
    if not found:
        return None
    configuration = context.configuration
    outputs, goal = configuration.outputs, configuration.goal
    network = load_network(found[0], learning.features.shape[1:], len(outputs), goal)
    if goal == "classes":
        check_class_order(network, learning, outputs)
    return taught_by(context, network)


def taught_by(context: StageContext, network: Any) -> Teacher:
    """`network` as a teacher, heard as [training.distillation] says."""
    told = context.configuration.training.distillation
    return Teacher(network, told.temperature, told.weight)


def distillation_facts(
    context: StageContext, teacher: Teacher, student: Any, watching: Examples
) -> dict[str, Any]:
    """Both networks on what training watched, as report.json has it."""
    configuration = context.configuration
    training = configuration.training
    facts: dict[str, Any] = {
        "teacher": training.distillation.teacher,
        "teacher_parameters": count_parameters(teacher.network),
        "temperature": teacher.temperature,
        "weight": teacher.weight,
    }
    if not len(watching):
        return facts
    for name, network in (("teacher", teacher.network), ("student", student)):
        loss, accuracy = evaluate_network(network, watching, training, configuration.goal)
        facts |= {f"{name}_validation_loss": loss, f"{name}_validation_accuracy": accuracy}
    return facts
