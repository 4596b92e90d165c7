#!/usr/bin/env bash
# on-node.sh MAJOR COMMAND…: runs it with another Node, whose binary npm carries.
set -euo pipefail
cd "$(dirname "$0")/.."
major=$1
shift
package="node-linux-$(node -p process.arch)"
folder="$PWD/node_modules/.cache/nvpulse-node$major"
npm install --prefix "$folder" --no-save --ignore-scripts --loglevel=error "$package@$major"
PATH="$folder/node_modules/$package/bin:$PATH" exec "$@"
