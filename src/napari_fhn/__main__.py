"""``python -m napari_fhn`` is ``napari-fhn``."""

import sys

from napari_fhn.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
