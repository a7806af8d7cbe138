"""What vectors are good for besides search: classify, cluster, recommend, senses of a word."""

__all__ = []
