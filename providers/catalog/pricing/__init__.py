"""What a service costs and is sold for. Called by publishing, lists and placing."""
