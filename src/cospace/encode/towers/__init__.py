"""Towers: what prepares the parts of one modality, and gives them to an engine."""
