"""``python -m napari_fhn.widgets.opengl`` says whose OpenGL a window would draw with, and opens none that is seen."""

from __future__ import annotations

import sys


def renderer() -> str:
    """Return the version of OpenGL and who draws with it.

    Raises
    ------
    RuntimeError
        When Qt gets no context.
    """
    from OpenGL import GL
    from qtpy import API_NAME
    from qtpy.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

    # Kept as long as the context is asked.
    application = QGuiApplication.instance() or QGuiApplication(["opengl"])
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        raise RuntimeError("Qt gets no context of OpenGL")
    told = [GL.glGetString(which) for which in (GL.GL_VERSION, GL.GL_RENDERER)]
    context.doneCurrent()
    del application
    words = ", ".join(one.decode(errors="replace") for one in told if one)
    return f"OpenGL {words}, {API_NAME} on {QGuiApplication.platformName()}"


if __name__ == "__main__":
    try:
        print(renderer())
    except Exception as error:  # whatever it is, it is what the doctor tells
        sys.exit(f"{type(error).__name__}: {error}")
