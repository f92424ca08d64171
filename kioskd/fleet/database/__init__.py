"""The fleet's record: tables, partitions by month, migrations and retention in PostgreSQL."""
