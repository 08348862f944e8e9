"""A second person above an amount, and nobody on their own money. Called by whatever moves money by hand."""
