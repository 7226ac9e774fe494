"""What a training will be: a recipe, and what the person changed of it. The same for every face."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from napari_fhn import record
from napari_fhn.box import Box
from napari_fhn.network.architecture import Architecture
from napari_fhn.network.comparison import NetworkDescription, description_from_dict
from napari_fhn.network.language import parse, write
from napari_fhn.network.presets import named
from napari_fhn.project.runs.beginning import network_folder
from napari_fhn.structure.attributes import AttributesError, checked
from napari_fhn.training.choice import RecipeChoice
from napari_fhn.training.combination.settings import Choice, Combination
from napari_fhn.training.data.framing import Position
from napari_fhn.training.job import Input, Job, JobError, Output
from napari_fhn.training.models.transfer import saved_job
from napari_fhn.training.objective import Objective
from napari_fhn.training.recipes import RECIPES, recipe
from napari_fhn.training.schedule import Schedule

Part = Literal["network", "schedule", "objective", "job"]
Described = TypeVar("Described", bound=NetworkDescription)

NETWORK_FIELDS = ("h", "context", "activation", "normalization", "bias", "haar_lift", "initial")
"""Fields of an architecture beside its layers, which are written in words."""

OBJECTIVE_FIELDS = tuple(field.name for field in fields(Objective))
SCHEDULE_FIELDS = tuple(field.name for field in fields(Schedule) if field.name != "objective")

JOB_FIELDS = ("position", "neighbours", "flips", "memory")
"""Fields of a job that are settings and have a control of their own; the others say which files it works on."""

NO_ATTRIBUTES = "none"
"""What a person writes to have no attributes, where a session or a network has some."""

OTHER_VERSION = "The settings of the session are not of this version: the recipe's are taken."
"""What a person is told of settings that :meth:`Settings.from_dict` does not understand."""

_FURTHER = ("device", "outputs", "ignored", "combination")
"""Further ones, which each face asks for in its own place."""


@dataclass(frozen=True)
class Settings:
    """Settings of a training and of the predictions that follow.

    Parameters
    ----------
    recipe : str
        Where it began.
    network : NetworkDescription
        The network.
    schedule : Schedule
        How to train.
    position, neighbours, flips, memory, device, outputs, ignored, combination
        As in :class:`~napari_fhn.training.Job`.
    attributes : tuple of str
        Attributes of the data that are further channels, see `napari_fhn.structure.attributes`; ``"all"`` for all that
        the data have, ``"auto"`` for those that help on labels left out.
    """

    recipe: str
    network: NetworkDescription
    schedule: Schedule
    position: Position = "vertical"
    neighbours: bool = False
    flips: bool = False
    memory: int | None = None
    device: str = "auto"
    outputs: tuple[Output, ...] = ()
    ignored: tuple[Box, ...] = ()
    combination: Combination | None = None
    attributes: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str) -> Settings:
        """Return the plan of a recipe, as it is."""
        chosen = recipe(name)
        combination = chosen.combination
        return cls(name, chosen.network, chosen.schedule, chosen.position, chosen.neighbours, combination=combination)

    @classmethod
    def suggested(cls, choice: RecipeChoice) -> Settings:
        """Return the plan of a recipe that was chosen for a survey."""
        return cls.of(choice.name).with_numbers(steps=choice.steps)

    @classmethod
    def of_job(cls, job: Job) -> Settings:
        """Return the settings that a job was made with."""
        return cls(
            job.recipe,
            job.network,
            job.schedule,
            **{name: getattr(job, name) for name in (*JOB_FIELDS, *_FURTHER)},
            attributes=job.attributes,
        )

    @property
    def layers(self) -> str:
        """The layers in the language of architectures; empty for a network of another kind."""
        return write(self.network) if isinstance(self.network, Architecture) else ""

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the settings that differ from the recipe's."""
        its = Settings.of(self.recipe)
        return tuple(
            name
            for part in get_args(Part)
            for name, value in self.values(part).items()
            if its.values(part).get(name) != value
        )

    def values(self, part: Part) -> dict[str, Any]:
        """Return the settings of a part by name."""
        if part == "schedule":
            return {name: getattr(self.schedule, name) for name in SCHEDULE_FIELDS}
        if part == "objective":
            return {name: getattr(self.schedule.objective, name) for name in OBJECTIVE_FIELDS}
        if part == "job":
            return {name: getattr(self, name) for name in JOB_FIELDS}
        if not isinstance(self.network, Architecture):
            return {}
        return {"layers": self.layers, **{name: getattr(self.network, name) for name in NETWORK_FIELDS}}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "recipe": self.recipe,
            "network": self.network.to_dict(),
            "schedule": asdict(self.schedule),
            **self.values("job"),
            "device": self.device,
            "outputs": list(self.outputs),
            "ignored": [asdict(box) for box in self.ignored],
            "combination": record.encode(self.combination),
            "attributes": list(self.attributes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Settings:
        """Rebuild settings from :meth:`to_dict`.

        Raises
        ------
        JobError
            When they are of another version.
        """
        try:
            if strange := sorted(set(data) - {one.name for one in fields(cls)}):
                raise ValueError(", ".join(strange))
            chosen = recipe(data["recipe"])
            network = description_from_dict(data["network"])
            further = {
                "outputs": tuple(data.get("outputs", ())),
                "ignored": tuple(Box(tuple(box["start"]), tuple(box["stop"])) for box in data.get("ignored", ())),
                "combination": combination_from(data, chosen.combination),
                "attributes": checked(data.get("attributes", ())),
            }
            schedule = Schedule.from_dict(data["schedule"])
            return cls(**{**data, "network": network, "schedule": schedule, **further})
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise JobError(f"settings that this version does not know: {error}") from error

    def applied_to(self, job: Job) -> Job:
        """Return a job with these settings, and its own files and classes."""
        return replace(
            job,
            recipe=self.recipe,
            network=self.network,
            schedule=self.schedule,
            **self.values("job"),
            **{name: getattr(self, name) for name in _FURTHER},
        )

    def with_combination(
        self,
        factors: str | Sequence[str] | None = None,
        smoothing: Choice | None = None,
        order: Choice | None = None,
        snapping: Choice | None = None,
    ) -> Settings:
        """Return the settings with what is said of what a prediction is made of beside the network.

        Parameters
        ----------
        factors : str or sequence of str, optional
            Names, or text with commas between them; ``"auto"`` for all that go with the data, ``"none"`` for the
            network alone.
        smoothing, order, snapping : {"auto", "on", "off"}, optional
            As in :class:`~napari_fhn.training.combination.settings.Combination`.

        Raises
        ------
        JobError
            For what there is not.
        """
        if factors is None and smoothing is None and order is None and snapping is None:
            return self
        names = factors.split(",") if isinstance(factors, str) else list(factors or ())
        names = [name.strip() for name in names]
        if names == ["none"]:
            return replace(self, combination=None)
        said: dict[str, Any] = {"smoothing": smoothing, "order": order, "snapping": snapping}
        said = {name: value for name, value in said.items() if value is not None}
        if factors is not None:
            said["factors"] = None if names == ["auto"] else tuple(names)
        return replace(self, combination=replace(self.combination or Combination(), **said))

    def with_attributes(self, texts: Sequence[str] | str | None) -> Settings:
        """Return the settings with other attributes.

        Parameters
        ----------
        texts : sequence of str, str or None
            As a person writes them, ``"none"`` for none at all; None leaves them as they are.

        Raises
        ------
        JobError
            For one that there is not.
        """
        if texts is None:
            return self
        given = [texts] if isinstance(texts, str) else list(texts)
        named = [text for text in given if text.strip().lower() != NO_ATTRIBUTES]
        try:
            return replace(self, attributes=checked(named))
        except AttributesError as error:
            raise JobError(str(error)) from error

    def with_numbers(self, *, steps: int | None = None, seed: int | None = None) -> Settings:
        """Return the settings with these steps and this seed, where they are said."""
        given: dict[str, Any] = {name: value for name, value in (("steps", steps), ("seed", seed)) if value is not None}
        return replace(self, schedule=replace(self.schedule, **given))

    def with_network(self, network: str | None) -> Settings:
        """Return the settings with another network, where one is said.

        Parameters
        ----------
        network : str or None
            By name, such as ``"paper.a"``, or its layers in words, such as ``"3d 12: 2x8 | down 3x16 | up 6x8"``, which
            leave the rest of the network as it is.

        Raises
        ------
        JobError
            When there is no such network, or it looks at other dimensions than the recipe.
        """
        if network is None:
            return self
        if ":" in network:
            return self.with_value("network", "layers", network)
        try:
            found = named(network)
        except ValueError as error:
            raise JobError(str(error)) from error
        return replace(self, network=self._of_its_dimensions(found))

    def like(self, network: str | Path, recipes: tuple[str, ...]) -> Settings:
        """Return the settings that a saved network was trained by, with the objective of now, as that names classes.

        Parameters
        ----------
        network : path-like
            Folder of the network, or of a run or a session with one.
        recipes : tuple of str
            Names of those that go with the data.

        Raises
        ------
        JobError
            When no network is there, or it looks at other dimensions than any recipe for these data.
        """
        saved = saved_job(network_folder(network))
        dimensions = saved.network.dimensions
        alike = [name for name in (self.recipe, *recipes) if RECIPES[name].network.dimensions == dimensions]
        if not alike:
            raise JobError(f"the network in {network} looks at {dimensions}D data, and these have other dimensions")
        return replace(
            self,
            recipe=alike[0],
            network=saved.network,
            schedule=replace(saved.schedule, objective=self.schedule.objective, keep=self.schedule.keep),
            position=saved.position,
            neighbours=saved.neighbours,
            attributes=saved.attributes,
        )

    def with_parts(
        self,
        schedule: Mapping[str, Any] | None = None,
        objective: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Return the settings with other values of the schedule and the objective, where some are said.

        Parameters
        ----------
        schedule, objective : mapping, optional
            Values by the names of the fields of `Schedule` and `Objective`.

        Returns
        -------
        Settings

        Raises
        ------
        JobError
            When a name or a value cannot be, or they do not go together.
        """
        if not schedule and not objective:
            return self
        known = (("schedule", schedule or {}, SCHEDULE_FIELDS), ("objective", objective or {}, OBJECTIVE_FIELDS))
        for part, values, names in known:
            for name in values:
                if name not in names:
                    near = difflib.get_close_matches(name, names, 1)
                    hint = f"is {near[0]!r} meant?" if near else f"there are {', '.join(names)}"
                    raise JobError(f"the {part} has no setting {name!r}: {hint}")
        try:
            minimised = replace(self.schedule.objective, **(objective or {}))
            settings = replace(self, schedule=replace(self.schedule, objective=minimised, **(schedule or {})))
        except TypeError as error:
            raise JobError(f"a setting is of another type than it should be: {error}") from error
        settings._check()
        return settings

    def _check(self) -> None:
        """Let a job say what cannot be; the files that it names are not looked at."""
        Job((Input(""),), "", ("", " "), self.network, self.schedule, "", "", **self.values("job"))

    def with_value(self, part: Part, name: str, value: Any) -> Settings:
        """Return the plan with another value of a setting.

        Parameters
        ----------
        part : {"network", "schedule", "objective", "job"}
            Whose setting it is.
        name : str
            A key of :meth:`values`.
        value : object
            Of its type; ``layers`` in the language of :mod:`napari_fhn.network.language`.

        Returns
        -------
        Settings

        Raises
        ------
        JobError
            When the value cannot be; the message says which can.
        """
        change: dict[Part, Callable[[], Settings]] = {
            "network": lambda: replace(self, network=self._other_network(name, value)),
            "schedule": lambda: replace(self, schedule=replace(self.schedule, **{name: value})),
            "objective": lambda: replace(
                self, schedule=replace(self.schedule, objective=replace(self.schedule.objective, **{name: value}))
            ),
            "job": lambda: replace(self, **{name: value}),
        }
        try:
            settings = change[part]()
            settings._check()
        except JobError:
            raise
        except (TypeError, ValueError) as error:
            raise JobError(f"{name.replace('_', ' ')} cannot be {value!r}: {error}") from error
        return settings

    def _other_network(self, name: str, value: Any) -> Architecture:
        if not isinstance(self.network, Architecture):
            raise JobError("this network is not hyperbolic and has no such setting")
        if name != "layers":
            return replace(self.network, **{name: value})
        bare = self._of_its_dimensions(parse(value))
        return replace(self.network, channels=bare.channels, layers=bare.layers)

    def _of_its_dimensions(self, network: Described) -> Described:
        if network.dimensions != self.network.dimensions:
            raise JobError(
                f"the recipe trains a {self.network.dimensions}D network: choose another recipe for a "
                f"{network.dimensions}D one"
            )
        return network


def combination_from(data: Mapping[str, Any], otherwise: Combination | None) -> Combination | None:
    """Return what saved settings say of a combination; those from before there was one take the recipe's."""
    if "combination" not in data:
        return otherwise
    found: Combination | None = record.decode(Combination | None, data["combination"])  # type: ignore[arg-type]
    return found
