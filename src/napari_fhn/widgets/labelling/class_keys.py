"""Keys on the label layer: digits choose classes, where napari's own choose tools; the hint in the window says so."""

from __future__ import annotations

from collections.abc import Callable

from napari.components import ViewerModel
from napari.layers import Labels
from napari.settings import get_settings

from napari_fhn.widgets.events import weakly

_TOOLS = (
    ("napari:activate_labels_erase_mode", "erases"),
    ("napari:activate_labels_fill_mode", "fills"),
    ("napari:activate_labels_picker_mode", "picks a class"),
    ("napari:activate_labels_pan_zoom_mode", "lays the brush down"),
)


def attach(viewer: ViewerModel, layer: Labels, choose: Callable[[int], None]) -> None:
    """Let the digits 1 to 9 choose classes on a layer, and say so.

    Parameters
    ----------
    viewer : ViewerModel
        In whose window the hint is shown.
    layer : napari.layers.Labels
        The label layer, in the viewer already.
    choose : callable
        A method, given the number of a class, from 1; there may be none of that number.
    """
    pressed = weakly(choose)

    def hint(event: object = None) -> None:
        layer.help = keys_hint()
        if viewer.layers.selection.active == layer:  # what is asked of a plugin's viewer comes wrapped
            viewer.help = layer.help

    for key in range(1, 10):
        # napari's own digits choose a tool; its letters do so too, and stay.
        layer.bind_key(str(key), lambda layer, key=key: pressed(key), overwrite=True)
    # After napari's own hint, which names the digits.
    layer.events.mode.connect(hint, position="last")
    hint()


def keys_hint() -> str:
    """Return which keys do what on the label layer: digits are classes there, and tools have letters."""
    keys = get_settings().shortcuts.shortcuts
    said = ["<1> to <9> paint a class"]
    for action, words in _TOOLS:
        letters = [str(key) for key in keys.get(action, ()) if not str(key).isdigit()]
        if letters:
            said.append(f"<{letters[0]}> {words}")
    return ", ".join([*said, "hold <space> to move the view"])
