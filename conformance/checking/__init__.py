"""Checking one kernel: every case, fresh cases, a report."""
