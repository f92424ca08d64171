"""A road of the kiosk's own to a fleet's cluster, beside its broker: up what the fleet may know."""
