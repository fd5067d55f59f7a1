"""Single figures for the notebooks, with matplotlib, and by their old names the palette and the static twin."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .palette import PALETTE, role, style_of
from .stage.twin import draw, png
from .surfaces import field_grid

__all__ = ["PALETTE", "draw", "png", "role", "style_of", "surface_picture"]

SOFT = "#7C8896"
HUGE = 1e30  # more than a picture has room for


def drawn(heights):
    """Heights without those that are not finite, or huge: these are blank."""
    return np.where(np.abs(heights) < HUGE, heights, np.nan)


@style.context("default")
def surface_picture(surface, view=None, point=None, size=(5.0, 3.9), dpi=110):
    """A 3-D view of a surface: PNG bytes, and the function that maps points (..., 2) to picture coordinates in [0, 1]².

    matplotlib draws the surface and its projection matrix says where a point of it lies in the picture.
    """
    from mpl_toolkits.mplot3d import proj3d

    view = view or surface.view
    grid = drawn(field_grid(surface, view, 61, 61))
    x, y = np.meshgrid(np.linspace(*view[0], 61), np.linspace(*view[1], 61))
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0.05, 0.96, 0.97), projection="3d")
    colors = LinearSegmentedColormap.from_list("ground", ("#5E7FA8", "#DCE5EF"))
    axes.plot_surface(x, y, grid, cmap=colors, linewidth=0, alpha=0.95, rstride=1, cstride=1, antialiased=True)
    axes.contour(x, y, grid, levels=14, colors="#44607F", linewidths=0.4)
    axes.set(xlabel="x", ylabel="y", zlabel="L")
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):  # readable on light paper and on dark
        axis.set_pane_color((0, 0, 0, 0))
        axis.label.set_color(SOFT)
        axis.set_tick_params(colors=SOFT)
        axis.line.set_color(SOFT)
    axes.view_init(elev=38, azim=-62)
    figure.canvas.draw()
    matrix = axes.get_proj()

    def project(theta, height):
        px, py, _ = proj3d.proj_transform(theta[..., 0], theta[..., 1], height, matrix)
        display = axes.transData.transform(np.column_stack([np.ravel(px), np.ravel(py)]))
        return (display / figure.bbox.size).reshape(*np.shape(px), 2)

    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=dpi, transparent=True, metadata={"Software": None})
    return target.getvalue(), project
