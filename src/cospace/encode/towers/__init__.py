"""Towers: what prepares the parts of one kind, and gives them to an engine."""
