"""Where the metrics are served."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """An address of this machine and a port; a loopback address reaches nobody else."""

    address: str = "127.0.0.1"
    port: int = 9480
