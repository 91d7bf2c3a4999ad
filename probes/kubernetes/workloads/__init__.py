"""Workloads: what each kind's controller promises, which of its pods are current, and what holds it up."""
