#!/usr/bin/env bash
# Keep the history in the branch "history" of the repository that the workflow runs in.
#
#   ci/history.sh restore DIR      bring it here; an empty folder where there is none yet
#   ci/history.sh save DIR FROM    bring it to DIR, and send what is new in the folder FROM
#
# FROM comes from a job that ran frameworks, so of it no more is taken than files of a history: by
# their names, which end with the digest of their content, and none in place of one that is there.
# Two jobs that send at once cannot conflict.
#
# REMOTE is where it is (default: this repository on GitHub).  TOKEN goes to git by the environment of
# this process alone: no file and no command line has it.
set -euo pipefail
act=${1:?restore or save} dir=${2:?the folder of the history}
server=${GITHUB_SERVER_URL:-https://github.com}
remote=${REMOTE:-$server/${GITHUB_REPOSITORY:-}.git}
if [[ -n ${TOKEN:-} ]]; then
  basic=$(printf 'x-access-token:%s' "$TOKEN" | base64 --wrap=0)
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$server/.extraheader"
  export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic"
  unset TOKEN basic
fi
export GIT_TERMINAL_PROMPT=0

restore() {
  if git ls-remote --exit-code --heads -- "$remote" history >/dev/null; then
    git clone --quiet --depth 1 --branch history -- "$remote" "$dir"
  else
    git init --quiet --initial-branch history -- "$dir"
    git -C "$dir" remote add origin "$remote"
  fi
}

take() {
  local from=$1 file name
  while IFS= read -r -d '' file; do
    name=${file#"$from"/}
    [[ $name =~ ^(runs/[0-9]{4}/[0-9TZ-]+-|results/[0-9]{4}/|cases/[0-9a-f]{1,16}-)([0-9a-f]{16})\.parquet$ ]] ||
      continue
    [[ $(sha256sum <"$file") == "${BASH_REMATCH[2]}"* && ! -e $dir/$name ]] || continue
    mkdir -p -- "$dir/${name%/*}"
    cp -- "$file" "$dir/$name"
  done < <(find "$from" -type f -name '*.parquet' -print0)
}

save() {
  restore
  take "${1:?the folder with what is new}"
  git -C "$dir" add --all
  git -C "$dir" diff --cached --quiet && { echo "history: nothing new"; return; }
  git -C "$dir" -c user.name=nightly -c user.email=nightly@users.noreply.github.com \
    commit --quiet --message "Add the runs of $(date --utc +%F)"
  for attempt in 1 2 3 4 5; do
    git -C "$dir" push --quiet -- "$remote" history && return
    echo "history: someone else sent at the same time; attempt $attempt" >&2
    git -C "$dir" -c user.name=nightly -c user.email=nightly@users.noreply.github.com \
      pull --quiet --rebase -- "$remote" history
  done
  echo "history: could not be sent" >&2
  return 1
}

"$act" "${@:3}"
