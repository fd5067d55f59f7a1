"""The labs: each composes sliders and the stage. One file a lab."""
