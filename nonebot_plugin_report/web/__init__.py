"""What every route needs: who asks, a body read within bounds, and log lines without tokens."""
