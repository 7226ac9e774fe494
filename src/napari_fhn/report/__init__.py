"""What came out of a training, for people: evaluations of its prediction, and a report in one HTML file.

Knows neither torch nor the viewer. matplotlib and jinja2, an extra, come in only when a report is written.
"""

from napari_fhn.report.evaluation import Evaluation, on_held_out, on_truth

__all__ = ["Evaluation", "on_held_out", "on_truth"]
