"""Attribution for one patient: relevance, Shapley values and gradients, as maps and tables."""
