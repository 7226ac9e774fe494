"""A piece of work: what was opened and how, what is known, the runs, the predictions and what made them.

Surveys, labels and settings become one job here, for every face of the program. No Qt, no napari, no torch.
"""

from napari_fhn.project.beginning import NEW, Beginning
from napari_fhn.project.errors import NeedsConsent, OnlyToLook, ProjectError, SessionInUse, SessionUnwritable
from napari_fhn.project.jobs import Begun
from napari_fhn.project.manifest import HeldOut, Manifest, SurveyEntry
from napari_fhn.project.project import Project
from napari_fhn.project.run import Run, RunRecord
from napari_fhn.project.runs import Runs
from napari_fhn.project.session import Session
from napari_fhn.project.settings import Settings
from napari_fhn.project.surveyset import SurveySet

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
