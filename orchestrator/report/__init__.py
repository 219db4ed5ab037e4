"""What a person reads: the plan as text, the answer as text, the report as a page."""
