"""A piece of work: what was opened and how, what is known, the runs, the predictions and what made them.

Surveys, labels and settings become one job here, for every face of the program. No Qt, no napari, no torch.
"""

from napari_fhn.project.data.surveyset import SurveySet
from napari_fhn.project.errors import NeedsConsent, OnlyToLook, ProjectError, SessionInUse, SessionUnwritable
from napari_fhn.project.project import Project
from napari_fhn.project.runs.beginning import NEW, Beginning
from napari_fhn.project.runs.jobs import Begun
from napari_fhn.project.runs.run import Run, RunRecord
from napari_fhn.project.runs.runs import Runs
from napari_fhn.project.runs.settings import Settings
from napari_fhn.project.sessions.manifest import HeldOut, Manifest, SurveyEntry
from napari_fhn.project.sessions.session import Session

__all__ = [
    "NEW",
    "Beginning",
    "Begun",
    "HeldOut",
    "Manifest",
    "NeedsConsent",
    "OnlyToLook",
    "Project",
    "ProjectError",
    "Run",
    "RunRecord",
    "Runs",
    "Session",
    "SessionInUse",
    "SessionUnwritable",
    "Settings",
    "SurveyEntry",
    "SurveySet",
]
