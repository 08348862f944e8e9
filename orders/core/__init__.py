"""What every step shares: locking and writing an order, safe mode, wake-ups. Called by the packages above."""
