"""What paths carry beside what one of them does, in the same rounds; one that cannot be opened leaves the others be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.course import Course
from pytest_k8snet.measure.iperf3.flags import flagged
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import Plan, judge
from pytest_k8snet.measure.verdict import Limit

Opening = Callable[[], Course]
"""Makes what measures a path, once that is reached. Raises MeasurementError when it is not."""


def beside(
    name: str, baseline: Opening, subjects: Mapping[str, Opening], limit: Limit, plan: Plan
) -> dict[str, Judged | MeasurementError]:
    """Return for each subject, by its name, what is judged of it beside the baseline of this ``name``, or why nothing.

    Where the baseline cannot be measured, that is why.
    """
    reference = _open(baseline)
    if isinstance(reference, MeasurementError):
        return dict.fromkeys(subjects, reference)
    opened = {subject: _open(opening) for subject, opening in subjects.items()}
    courses = {subject: course for subject, course in opened.items() if not isinstance(course, MeasurementError)}
    found: dict[str, Judged | MeasurementError] = {
        subject: error for subject, error in opened.items() if isinstance(error, MeasurementError)
    }
    try:
        judged = judge(courses, reference, dict.fromkeys(courses, limit), plan)
    except MeasurementError as error:
        return found | dict.fromkeys(courses, error)
    told = reference.told(name)
    return found | {one: flagged(judged[one], course.told(one), told) for one, course in courses.items()}


def _open(opening: Opening) -> Course | MeasurementError:
    try:
        return opening()
    except MeasurementError as error:
        return error
