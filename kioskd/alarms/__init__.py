"""What an operator must hear of: alarms, when they began and ended, and who is told."""
