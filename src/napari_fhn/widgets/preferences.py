"""What a person has set in napari's Preferences, under this plugin's name."""

from __future__ import annotations

from dataclasses import dataclass, fields

PLUGIN = "napari-fhn"


@dataclass(frozen=True)
class Preferences:
    """The properties of ``configurations`` in the plugin's manifest, with the same defaults.

    Parameters
    ----------
    sessions : str
        Folder of the sessions; empty for one among the documents.
    device : str
        Where a new session trains: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    radius : float
        Traces around a well that get its labels in a new session.
    opacity : float
        Of a new prediction layer, 0 to 1.
    """

    sessions: str = ""
    device: str = "auto"
    radius: float = 3.0
    opacity: float = 0.5


def preferences() -> Preferences:
    """Return what is set now; the defaults where this napari keeps no settings of plugins (before 0.9)."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return Preferences()
    try:
        kept = get_plugin_settings(PLUGIN).desk
    except (KeyError, AttributeError):  # the plugin is not installed, or its manifest is that of another version
        return Preferences()
    return Preferences(**{one.name: getattr(kept, one.name) for one in fields(Preferences)})
