"""Engines: what runs the graph of a tower. Each is imported when a tower asks for it."""
