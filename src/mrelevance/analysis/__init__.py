"""Tables and statistics of the cohort; `catalogue` lists the steps that make them."""
