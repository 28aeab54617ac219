#!/usr/bin/env bash
# Check $KERNEL with $TIER and $OPTIONS; the report goes to the job's summary and to a file.
set -uo pipefail
report=${RUNNER_TEMP:-.}/conformance.json text=${RUNNER_TEMP:-.}/conformance.txt
read -r -a more <<<"$OPTIONS"
"$PYTHON" -m conformance check "$KERNEL" --tier "$TIER" --out "$report" "${more[@]}" | tee "$text"
status=${PIPESTATUS[0]}
{
  echo '### Batch normalization conformance'
  echo '```'
  cat "$text"
  echo '```'
} >>"$GITHUB_STEP_SUMMARY"
echo "report=$report" >>"$GITHUB_OUTPUT"
exit "$status"
