"""Keeps the plan of the next training, and what it will need of the computer, in step with data and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from psygnal import SignalGroupDescriptor
from qtpy.QtWidgets import QWidget

from napari_fhn.engine.remote.address import parse
from napari_fhn.labels import ClassTable
from napari_fhn.network.comparison import map_axis
from napari_fhn.network.forecast import PORTABLE, WORKING_SET
from napari_fhn.project import ProjectError
from napari_fhn.project.data.attributes import asked
from napari_fhn.project.data.facts import facts_of
from napari_fhn.project.runs import terms
from napari_fhn.project.runs.outlook import Outlook, outlook, planned
from napari_fhn.project.runs.planning import agreement
from napari_fhn.project.runs.settings import Part, Settings
from napari_fhn.project.runs.speeds import Measured, Speed, kind
from napari_fhn.structure import attributes
from napari_fhn.structure.attributes import ALL, AUTO, Attribute, Facts, why_not
from napari_fhn.training.choice import choose
from napari_fhn.training.combination.settings import Choice, fitting_factors
from napari_fhn.training.data.neighbours import Agreement
from napari_fhn.training.job import JobError
from napari_fhn.training.machine.memory import free_bytes
from napari_fhn.training.recipes import fitting, recipe
from napari_fhn.training.updates import Device
from napari_fhn.widgets.context import DeskContext
from napari_fhn.widgets.labelling.book import LabelBook
from napari_fhn.widgets.messages import sentence
from napari_fhn.widgets.network.trusting import all_trusted
from napari_fhn.widgets.preferences import preferences

_HERE = "this computer"

_MORE = 1.5
"""So many times as many labels as at the last look are worth another one."""


@dataclass
class PlanState:
    """The plan and its outlook; setting a field emits an event of its name.

    Parameters
    ----------
    settings : Settings or None
        Of the next training; None before there are data.
    why : str
        Why this recipe.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    outlook : Outlook or None
        What it will need.
    speed : Speed or None
        How fast such a training was here before.
    free : int or None
        Bytes of memory that the device has free; None where it is not known.
    where : str
        What the device is called.
    classes : tuple of str
        Names of the classes that terms may speak of.
    attributes : tuple of Attribute
        That the data have.
    on : str
        Address of the machine that trains; empty for this one.
    stays : bool or None
        Whether surveys are read where they lie; None for as suits them.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    settings: Settings | None = None
    why: str = ""
    device: str = "auto"
    outlook: Outlook | None = None
    speed: Speed | None = None
    free: int | None = None
    where: str = _HERE
    classes: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    on: str = ""
    stays: bool | None = None


class Planning:
    """Chooses the recipe, carries out changes of it, and forecasts.

    Parameters
    ----------
    context : DeskContext
        What the parts of the desk share.
    book : LabelBook
        Whose classes are told apart.
    measured : Path
        File of the speeds measured on this computer.

    Attributes
    ----------
    state : PlanState
        The settings.
    """

    def __init__(self, context: DeskContext, book: LabelBook, measured: Path) -> None:
        self.state = PlanState(device=preferences().device)
        self._context = context
        self._data = data = context.data
        self._book = book
        self._messages = context.messages
        self._measured = Measured(measured)
        self._background = context.background
        self._device: Device | None = None
        self._chosen, self._refused = False, ""
        self._counted = 0
        self._agreement: Agreement | None = None
        book.seed = lambda: 0 if self.state.settings is None else self.state.settings.schedule.seed
        data.state.events.material.connect(self._on_material)
        data.state.events.vertical_axis.connect(self._on_material)
        book.state.events.classes.connect(self._on_classes)
        self._table = book.state.classes
        self.state.classes = self._table.names
        book.state.events.counts.connect(self._on_counts)
        self.state.events.device.connect(self.look_ahead)

    @property
    def recipes(self) -> tuple[str, ...]:
        """Names of the recipes that go with the data."""
        material = self._data.material
        if material is None:
            return fitting(3)
        upright = self._data.vertical is not None
        return fitting(len(material.shape), vertical=upright, cubes=material.surveys.cube is not None)

    def words_of(self, name: str) -> tuple[str, str]:
        """Title and description of a recipe, as they read for the data."""
        return recipe(name).words(line=self._data.on_line)

    @property
    def chosen(self) -> bool:
        """Whether a person has chosen the recipe or changed a setting of it."""
        return self._chosen

    def suggest(self) -> None:
        """Choose the recipe by looking at data and labels, unless the person has chosen one or changed a setting."""
        material, device = self._data.material, self._computes_on()
        if material is None or self._chosen:
            return
        kind_of = "cpu" if device is None else device.name
        try:
            choice = choose(
                material.shape,
                material.surveys.channels,
                kind_of,
                free_bytes() if device is None else device.free,
                vertical_axis=self._data.vertical,
                classes=max(self._book.state.classes.values),
                agreement=self._agreement,
                bands=material.surveys.bands,
            )
        except JobError as error:
            self._messages.say(sentence(error), note=True)
            return
        suggested = Settings.suggested(choice)
        now = self.state.settings
        if now is None or (now.recipe, now.schedule.steps) != (suggested.recipe, suggested.schedule.steps):
            self.state.settings = suggested
        self.state.why = choice.why
        self.look_ahead()

    def forget(self) -> None:
        """Propose again: another piece of work is open."""
        self._chosen = False
        self._agreement, self._counted = None, 0
        self.state.settings = None
        self.suggest()

    def choose(self, name: str) -> None:
        """Begin again with a recipe as it is; from now on none is suggested."""
        self._chosen = True
        self.state.settings = Settings.of(name)
        self.state.why = self.words_of(name)[1]
        self.look_ahead()

    def take(self, settings: Settings) -> None:
        """Take up settings that were kept."""
        self._chosen = True
        self.state.settings = settings
        self.state.device = settings.device
        self.state.why = self.words_of(settings.recipe)[1]
        self.look_ahead()

    def train_on(self, address: str) -> None:
        """Train on another machine from now on; on this one where the address is empty."""
        try:
            self.state.on = str(parse(address)) if address.strip() else ""
        except JobError as error:
            self._messages.fail(sentence(error))

    def change(self, part: Part, name: str, value: Any) -> None:
        """Change one setting; one that cannot be is refused in a sentence."""
        settings = self.state.settings
        if settings is None:
            return
        try:
            self.state.settings = settings.with_value(part, name, value)
        except JobError as error:
            self._messages.fail(sentence(error))
            return
        self._chosen = True
        self.look_ahead()

    @property
    def folder(self) -> Path | None:
        """Against which names of masks are read: where the survey lies, as far as that is known."""
        material = self._data.material
        source = None if material is None else material.surveys.source
        return None if source is None else source.parent

    def say_known(self, part: terms.Part, text: str) -> None:
        """Take what is known without labels, or where nothing is learnt, as it is written; refused in a sentence."""
        settings, material = self.state.settings, self._data.material
        if settings is None or material is None:
            return
        try:
            changed = terms.read_into(settings, part, text, material.shape, self.folder)
            flat = map_axis(settings.network) is not None
            upright = self._data.vertical is not None
            changed.schedule.objective.check(self.state.classes, upright, flat)
        except JobError as error:
            self._messages.fail(sentence(error))
            return
        self._chosen = True
        self.state.settings = changed
        self.look_ahead()

    def all_attributes(self) -> tuple[Attribute, ...]:
        """Return what all attributes of the data stand for."""
        known = self._facts()
        return () if known is None else attributes.wanted([ALL], known)

    def take_attributes(self, texts: Sequence[str]) -> None:
        """Take these attributes of the data as further channels; one that they do not have is refused in a sentence."""
        settings, known = self.state.settings, self._facts()
        if settings is None or known is None:
            return
        try:
            changed = settings.with_attributes(texts)
            asked(changed.attributes, known)
        except JobError as error:
            self._messages.fail(sentence(error))
            self.state.events.settings.emit(settings)  # what is shown is what holds
            return
        self._chosen = True
        self.state.settings = changed
        self.look_ahead()

    def may_run(self, texts: Sequence[str], parent: QWidget | None = None) -> bool:
        """Whether networks that are taken as attributes may be loaded: one that runs code once a person trusts it."""
        try:
            return all_trusted(texts, parent)
        except JobError as error:
            self._messages.fail(sentence(error))
            return False

    def combine(self, factors: Sequence[str] | None, **finishes: Choice) -> None:
        """Take what a prediction is made of beside the network.

        Parameters
        ----------
        factors : sequence of str or None
            Names; those of before where it is None, ``["auto"]`` for all that go with the data, ``["none"]`` for the
            network alone.
        **finishes : {"auto", "on", "off"}
            What happens after that: `smoothing`, `order`, `snapping`.
        """
        settings = self.state.settings
        if settings is None:
            return
        changed = settings.with_combination(factors, **finishes)
        if changed != settings:
            self._chosen = True
            self.state.settings = changed

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors that go with the data, beside the network."""
        material, settings = self._data.material, self.state.settings
        if material is None or settings is None:
            return ()
        return fitting_factors(
            len(material.shape), self._data.vertical is not None, map_axis(settings.network) is not None
        )

    def hear(self, device: Device) -> None:
        """Take in what the training process says of the device it computes on."""
        self._device = device
        self.suggest()
        self.look_ahead()

    def remember(self, speed: Speed) -> None:
        """Keep how fast the training that has just ended was."""
        key = self._kind()
        if key is not None:
            self._measured.remember(key, speed)
            self.state.speed = speed

    def look_ahead(self, event: Any = None) -> None:
        """Forecast anew."""
        settings, material, device = self.state.settings, self._data.material, self._computes_on()
        if settings is None or material is None:
            self.state.outlook = self.state.speed = None
            return
        portable = device is not None and device.name != "cpu"
        try:
            step = planned(settings, material.surveys, max(self._book.state.classes.values), self._data.vertical)
        except JobError as error:
            self.state.outlook = self.state.speed = None
            self._refused = sentence(error)
            self._messages.say(self._refused, note=True)
            return
        self._messages.over(self._refused)
        self.state.outlook = outlook(step, PORTABLE if portable else WORKING_SET)
        self.state.where = device.title if portable and device is not None else _HERE
        self.state.free = device.free if portable and device is not None else free_bytes()
        key = self._kind()
        self.state.speed = self._measured.of(key) if key is not None else None

    def _computes_on(self) -> Device | None:
        return None if self.state.device == "cpu" else self._device

    def _kind(self) -> str | None:
        settings, seen, device = self.state.settings, self.state.outlook, self._computes_on()
        if settings is None or seen is None:
            return None
        return kind(settings.network, settings.schedule, seen.block, device.name if device is not None else "cpu")

    def _facts(self) -> Facts | None:
        """Return what is known of the data that attributes go by; None before there are any."""
        material = self._data.material
        if material is None:
            return None
        try:
            return facts_of(material.surveys, self._data.vertical)
        except (ProjectError, ValueError):
            return None

    def _offer_attributes(self) -> None:
        """Offer those that the data have, and let go of those that they do not have any more."""
        known, settings = self._facts(), self.state.settings
        offered = () if known is None else attributes.fitting(known)
        if [one.text for one in offered] != [one.text for one in self.state.attributes]:
            self.state.attributes = offered
        if settings is not None and known is not None and settings.attributes:
            kept = tuple(text for text in settings.attributes if text in (ALL, AUTO) or not why_not(text, known))
            if kept != settings.attributes:
                self.state.settings = replace(settings, attributes=kept)

    def _on_material(self, event: Any = None) -> None:
        self._offer_attributes()
        settings = self.state.settings
        if settings is not None and settings.recipe not in self.recipes:
            # Of another kind of data.
            self._chosen = False
            self._agreement, self._counted = None, 0
        self.suggest()
        self.look_ahead()

    def _on_classes(self, table: ClassTable) -> None:
        """Let terms speak of classes by the names that these have now."""
        before, self._table = dict(zip(self._table.values, self._table.names, strict=True)), table
        names = {before[one.value]: one.name for one in table if before.get(one.value, one.name) != one.name}
        self.state.classes = table.names
        if self.state.settings is not None and names:
            self.state.settings = terms.renamed(self.state.settings, names)
        self.look_ahead()

    def _on_counts(self, counts: dict[int, int]) -> None:
        """Ask how well labelled places foretell each other, when there are clearly more labels than the last time."""
        project, total = self._context.project.project, sum(counts.values())
        enough = total > _MORE * self._counted and len(counts) > 1
        if self._book.layer is None or self._chosen or project is None or not enough:
            return
        self._counted = total

        def agreed(found: Agreement | None) -> None:
            # Remembered: what the training process says of its device asks again, and must not forget the labels.
            self._agreement = found
            self.suggest()

        def failed(error: BaseException) -> None:
            self._messages.say(f"The labelled places could not be compared: {error}.", note=True)

        self._background.run(lambda: agreement(project), agreed, failed)
