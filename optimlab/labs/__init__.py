"""The labs: each composes sliders and the stage. One file a lab."""

from ..extras import needed

needed("labs", "the labs need", "matplotlib", "ipywidgets", "anywidget")
