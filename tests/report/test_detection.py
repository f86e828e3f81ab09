"""The DET picture."""

from __future__ import annotations

from xml.etree import ElementTree

from coincell.report import DetectionPoint, detection_svg


def test_the_picture_has_every_point_inside() -> None:
    points = [DetectionPoint(t / 10, 900 / 3**t - 0.01, t / 10) for t in range(1, 10)]
    now = DetectionPoint(0.5, 3.6, 0.5, (0.4, 0.6), (2.0, 5.0))
    svg = detection_svg(points, now, DetectionPoint(0.7, 0.0, 0.7, (0.6, 0.8), (0.0, 9.0)), 1.0)
    root = ElementTree.fromstring(svg)
    boxes = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("x")]
    assert len(boxes) == len(points) + 2
    assert all(66 <= float(b.get("x", "0")) <= 740 for b in boxes)
    assert all(40 <= float(b.get("y", "0")) <= 390 for b in boxes)
    assert "now: 0.5" in svg
    assert "to take: 0.7" in svg
    assert "to take" not in detection_svg(points, now, None, 1.0)
