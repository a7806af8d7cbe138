"""What the server counts, in Prometheus's text format."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_INPUTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        one = self.registry
        self._requests = Counter(
            "cospace_requests", "requests answered", ["route", "status"], registry=one
        )
        self._seconds = Histogram(
            "cospace_request_seconds", "time to answer", ["route"], buckets=_SECONDS, registry=one
        )
        self._inputs = Counter("cospace_inputs", "inputs encoded", ["model"], registry=one)
        self._batch = Histogram(
            "cospace_batch_inputs", "inputs encoded together", ["model"], buckets=_INPUTS,
            registry=one,
        )  # fmt: skip
        self.dropped = Counter(
            "cospace_dropped", "requests dropped, their clients gone", registry=one
        )
        self.waiting = Gauge("cospace_waiting", "inputs that wait to be encoded", registry=one)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def encoded(self, model: str, inputs: int) -> None:
        """One batch was encoded."""
        self._inputs.labels(model).inc(inputs)
        self._batch.labels(model).observe(inputs)

    def page(self) -> bytes:
        """All of it, as text."""
        return generate_latest(self.registry)
