"""The one interactive canvas: scenes (plain data), the widget that moves them, and their static twin."""
