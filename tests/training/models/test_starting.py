"""A new training begins with the weights of a saved one, as far as they fit, and says what is new."""

import pytest
import torch

from napari_fhn.network import HyperbolicNetwork
from napari_fhn.network.architecture import Architecture, Layer, levels
from napari_fhn.network.build import build
from napari_fhn.network.equivalent import equivalent_unet
from napari_fhn.network.readings import Reading
from napari_fhn.training import JobError
from napari_fhn.training.data.framing import Framing
from napari_fhn.training.models.description import Normalisation
from napari_fhn.training.models.model import Model, save
from napari_fhn.training.models.starting import take_over

ARCHITECTURE = levels(2, 8, (4, 8), 2)
CLASSES = ("sand", "shale")


def saved(folder, network, classes=CLASSES):
    count = network.input_channels
    save(Model(network, Normalisation((0.0,) * count, (1.0,) * count), classes, Framing()), folder)
    return str(folder)


def test_the_same_network_goes_on(tmp_path):
    old = HyperbolicNetwork(ARCHITECTURE, 1, 2)
    old.h = 0.5
    new = HyperbolicNetwork(ARCHITECTURE, 1, 2)
    assert "goes on" in take_over(new, CLASSES, saved(tmp_path, old))
    data = torch.randn(1, 1, 16, 16)
    torch.testing.assert_close(new(data), old(data))


def test_other_classes_and_channels_are_named(tmp_path):
    old, new = HyperbolicNetwork(ARCHITECTURE, 1, 2), HyperbolicNetwork(ARCHITECTURE, 3, 3)
    said = take_over(new, ("shale", "sand", "salt"), saved(tmp_path, old))
    assert "classes salt" in said
    assert "3 channels of data instead of 1" in said
    torch.testing.assert_close(new.kernels[2], old.kernels[2])


def test_the_order_of_classes_is_named(tmp_path):
    old, new = HyperbolicNetwork(ARCHITECTURE, 1, 2), HyperbolicNetwork(ARCHITECTURE, 1, 2)
    assert "the order of classes" in take_over(new, CLASSES[::-1], saved(tmp_path, old))


def test_what_fits_of_another_network_is_taken_over(tmp_path):
    old = HyperbolicNetwork(ARCHITECTURE, 1, 2)
    deeper = Architecture(2, 8, (*ARCHITECTURE.layers, Layer("keep", 4)))
    new = HyperbolicNetwork(deeper, 1, 2)
    said = take_over(new, CLASSES, saved(tmp_path, old))
    assert f"2 of {len(new.state_dict())} arrays of weights" in said
    torch.testing.assert_close(new.kernels[0], old.kernels[0])


def test_a_linear_head_is_taken_over_class_by_class(tmp_path):
    network = Architecture(2, 8, (Layer("keep", 4),), reading=Reading(head="linear"))
    old, new = HyperbolicNetwork(network, 1, 2), HyperbolicNetwork(network, 1, 3)
    untouched = new.head[0][1].detach().clone()
    take_over(new, ("shale", "salt", "sand"), saved(tmp_path, old))
    torch.testing.assert_close(new.head[0][0], old.head[0][1])
    torch.testing.assert_close(new.head[0][2], old.head[0][0])
    torch.testing.assert_close(new.head[0][1], untouched)


def test_a_network_of_which_nothing_fits_is_refused(tmp_path):
    folder = saved(tmp_path, build(equivalent_unet(ARCHITECTURE), 1, 2))
    with pytest.raises(JobError, match="nothing of the network in"):
        take_over(HyperbolicNetwork(ARCHITECTURE, 1, 2), CLASSES, folder)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(JobError, match="holds no trained network"):
        take_over(HyperbolicNetwork(ARCHITECTURE, 1, 2), CLASSES, str(tmp_path))
