"""What an operator of many doors is told in numbers: metrics, whether all is well, and health."""
