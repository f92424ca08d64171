"""The one door to nats-py."""
import nats
