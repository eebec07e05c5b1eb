"""Looking at models and at autograd graphs: `summary` and `graph`."""

from .autograd_graph import graph
from .nodes import GraphNode
from .summary import ModelSummary, summary

__all__ = ["GraphNode", "ModelSummary", "graph", "summary"]
