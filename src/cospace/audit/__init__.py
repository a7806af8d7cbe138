"""What is wrong with a collection: each finding with its effect, its p-value and its items."""

from __future__ import annotations

from cospace.audit.audit import CHECKS, Audit, audit
from cospace.audit.duplicates import duplicates
from cospace.audit.finding import Finding, Group

__all__ = ["CHECKS", "Audit", "Finding", "Group", "audit", "duplicates"]
