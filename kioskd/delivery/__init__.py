"""Delivery: results become audit records, events and retained states on a broker."""
