"""`kioskd collect`: from the cluster's streams into PostgreSQL, each record once."""
