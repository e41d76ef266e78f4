#!/usr/bin/env bash
# Install what tests use beside Python: a browser, a PACS, a DICOM checker. Debian and Ubuntu, as
# root; elsewhere one line is printed, and the tests that need them are skipped.
set -uo pipefail

wanted=(chromium chromium-driver orthanc orthanc-dicomweb dicom3tools)

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
  echo "no apt-get here: tests that need ${wanted[*]} are skipped where these are missing"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "not root: tests that need ${missing[*]} are skipped; install them with apt-get"
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
install() { apt-get install --quiet --quiet --yes --no-install-recommends "${missing[@]}"; }
{ install || { apt-get update --quiet --quiet && install; }; } > /dev/null 2>&1 ||
  echo "apt-get could not install ${missing[*]}: tests that need them are skipped"
exit 0
