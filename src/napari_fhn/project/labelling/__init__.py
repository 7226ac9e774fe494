"""Labels of a session: of wells, horizons and places that are shown, and carried along what is there."""
