#!/bin/sh
# Check for the system libraries that a napari window needs on Linux (Qt, OpenGL, a virtual display), and install what
# is missing where that is allowed: on Debian or Ubuntu, as root or with a sudo that asks for no password.
# Otherwise the one command to type is printed, and the script ends with 1.
set -eu

[ "$(uname -s)" = Linux ] || exit 0
PATH="$PATH:/sbin:/usr/sbin"

# A file or program, and the Debian package that brings it.
WANTED="
libEGL.so.1 libegl1
libGL.so.1 libgl1
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libglib-2.0.so.0 libglib2.0-0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-xinerama.so.0 libxcb-xinerama0
libxcb-xkb.so.1 libxcb-xkb1
"

missing=""
present="$(ldconfig -p 2>/dev/null || true)"
while read -r library package; do
  [ -n "$library" ] || continue
  case "$present" in
    *"$library "*) ;;
    *) missing="$missing $package" ;;
  esac
done <<END
$WANTED
END
# Drawing without a graphics card.
set -- /usr/lib/*/dri/swrast_dri.so /usr/lib/*/libgallium-*.so /usr/lib*/dri/swrast_dri.so
found=no
for driver in "$@"; do [ -e "$driver" ] && found=yes; done
[ $found = yes ] || missing="$missing libgl1-mesa-dri"
# A window without a display.
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  command -v Xvfb >/dev/null && command -v xvfb-run >/dev/null || missing="$missing xvfb"
  command -v xauth >/dev/null || missing="$missing xauth"
fi
missing="${missing# }"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Not found on this system (Debian's names): $missing" >&2
  echo "Install your distribution's packages for them, then run make again." >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    echo "System libraries are missing. Please type this, then run make again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing" >&2
    exit 1
  fi
fi
echo "Installing system libraries: $missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086  # one word for each package
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
