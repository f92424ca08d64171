"""Operator modes: pure state machines. Time comes with the observation."""
