"""The report of an audit as one page that needs nothing else."""

from cospace.audit.report.page import page

__all__ = ["page"]
