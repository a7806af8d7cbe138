"""The states that a mean-pooled graph takes the mean of, as a graph of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cospace.encode.engines.openvino import Graph, openvino
from cospace.errors import ModelDamaged, ModelNotFound

if TYPE_CHECKING:
    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["states_graph"]

# From the output up: the vector is a sum of states, divided by how many they are, at length one.
_ABOVE = frozenset({"NormalizeL2", "Divide", "Convert", "Reshape", "Squeeze"})


def states_graph(folder: Folder, tower: Tower, graph: Runner) -> Graph | None:
    """The graph that gives float32 [n, tokens, dim], zero at padding; None where there is none.

    Their sum over the tokens, at length one, is what the tower's own graph gives.
    """
    if tower.pooling != "mean" or not isinstance(graph, Graph):
        return None
    try:
        return Graph(folder, tower, graph.precision, change=_cut)
    except (LookupError, ModelDamaged, ModelNotFound):
        return None  # pooled in another way than is known here; or the folder has gone since


def _cut(model: Any) -> Any:
    """The model that ends where the states are summed. Raises `LookupError`."""
    ov = openvino()
    node = model.outputs[0].get_node().input_value(0).get_node()
    while node.get_type_name() in _ABOVE:
        node = node.input_value(0).get_node()
    states = node.input_value(0) if node.get_type_name() == "ReduceSum" else None
    if states is None or len(states.get_partial_shape()) != 3:
        raise LookupError
    return ov.Model([ov.opset13.result(states)], model.get_parameters(), "states")
