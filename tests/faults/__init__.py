"""What breaks at a door, row by row, counted: `scripts/faults`, docs/measure/reliability.md."""
