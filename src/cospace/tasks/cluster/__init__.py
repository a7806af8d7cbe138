"""Groups of items that lie together: named, described, and with how stable they are."""

from __future__ import annotations

from cospace.tasks.cluster.clustering import METHODS, cluster
from cospace.tasks.cluster.report import NOISE, Cluster, Clustered
from cospace.tasks.cluster.writing import write

__all__ = ["METHODS", "NOISE", "Cluster", "Clustered", "cluster", "write"]
