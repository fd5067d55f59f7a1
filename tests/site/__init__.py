"""The static site in a browser that reaches nothing but this machine: ``make site OFFLINE=1 && make site-test``."""
