"""``python -m napari_fhn.cli`` is ``napari-fhn``."""

import sys

from napari_fhn.cli import main

if __name__ == "__main__":
    sys.exit(main())
