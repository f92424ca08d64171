"""Many kiosks seen together: one durable record in PostgreSQL, fed by a clustered broker.

Nothing of a door asks it anything: a kiosk judges, acts and records alone, with or without a fleet.
Only the commands load it, and it comes with the extra `fleet`.
"""
