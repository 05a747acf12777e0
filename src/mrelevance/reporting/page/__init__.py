"""The report page of a study: the answer first, then figures, tables and patients."""
