"""The series as a static site that runs in the browser alone: ``make site``."""
