#!/usr/bin/env bash
# Keep the history in the branch "history" of the repository that the workflow runs in.
#
#   ci/history.sh restore DIR   bring it here; an empty folder where there is none yet
#   ci/history.sh save DIR      send what is new; files of a history are never changed, so what
#                               two jobs send at once cannot conflict
#
# REMOTE is where it is (default: this repository on GitHub, with TOKEN).
set -euo pipefail
act=${1:?restore or save} dir=${2:?the folder of the history}
remote=${REMOTE:-https://x-access-token:${TOKEN:-}@github.com/${GITHUB_REPOSITORY:-}.git}

restore() {
  if git ls-remote --exit-code --heads "$remote" history >/dev/null; then
    git clone --quiet --depth 1 --branch history "$remote" "$dir"
  else
    git init --quiet --initial-branch history "$dir"
    git -C "$dir" remote add origin "$remote"
  fi
}

save() {
  git -C "$dir" add --all
  git -C "$dir" diff --cached --quiet && { echo "history: nothing new"; return; }
  git -C "$dir" -c user.name=nightly -c user.email=nightly@users.noreply.github.com \
    commit --quiet --message "Add the runs of $(date --utc +%F)"
  for attempt in 1 2 3 4 5; do
    git -C "$dir" push --quiet "$remote" history && return
    echo "history: someone else sent at the same time; attempt $attempt" >&2
    git -C "$dir" -c user.name=nightly -c user.email=nightly@users.noreply.github.com \
      pull --quiet --rebase "$remote" history
  done
  echo "history: could not be sent" >&2
  return 1
}

"$act"
