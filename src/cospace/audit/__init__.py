"""What is wrong with a collection: each finding with its effect, its p-value and its items."""

__all__ = []
