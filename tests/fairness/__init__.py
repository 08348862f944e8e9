"""The trial of fairness: hostile providers and customers beside good ones."""
