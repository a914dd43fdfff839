# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: phase NAME COMMAND... prints one line with the seconds that the command took. The
# command's own output goes to build/logs; a failure shows its end and where the rest is.
phase() {
  local name=$1 started=$SECONDS log status=0
  shift
  log=build/logs/${name// /-}.log
  mkdir -p build/logs
  printf '%-36s' "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -eq 0 ]; then
    printf '%5d s\n' $((SECONDS - started))
  else
    printf 'failed after %d s\n' $((SECONDS - started))
    tail -n 40 "$log" >&2
    printf '%s failed (exit code %d); the whole output: %s\n' "$name" "$status" "$PWD/$log" >&2
  fi
  return "$status"
}
