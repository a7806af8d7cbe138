"""The HTTP API: what `cospace serve` runs. See docs/serve.md.

The process that decodes uploads begins in this folder too, so nothing heavy is imported here.
"""
