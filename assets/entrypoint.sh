#!/bin/bash
# Starts the runner manager: puts the token into its configuration, in memory, and runs it.
# Only builtins of bash see the token, so that it is in no process's arguments or environment.
set -euo pipefail

secret=${RUNNER_TOKEN_FILE:-/secrets/runner-token}
template=${RUNNER_CONFIG_TEMPLATE:-/configmaps/config.template.toml}
config=${RUNNER_CONFIG:-/home/gitlab-runner/.gitlab-runner/config.toml}

refuse() {
  printf 'The runner does not start: %s\n' "$1" >&2
  exit 1
}

[[ -r $secret ]] || refuse "the Secret has no key runner-token ($secret cannot be read)."
token=$(<"$secret")  # as everywhere in a shell, a line end at the very end is not part of it
[[ -n $token ]] || refuse "the Secret's key runner-token is empty. Has its store the token yet?"
[[ $token =~ ^[A-Za-z0-9._-]+$ ]] ||
  refuse "the Secret's key runner-token holds spaces, line ends or other characters no token has."

# The token goes into its own line of [[runners]] only: the same text in a variable, a label or a
# script of the jobs stays as it is.
umask 077
table='' filled=0
while IFS= read -r line || [[ -n $line ]]; do
  [[ $line != '['* ]] || table=$line
  if [[ $table == '[[runners]]' && $line == 'token = "@RUNNER_TOKEN@"' ]]; then
    line="token = \"$token\""
    filled=$((filled + 1))
  fi
  printf '%s\n' "$line"
done <"$template" >"$config"
unset token line
((filled == 1)) || refuse "$template has $filled lines for the token, not one."

exec /entrypoint run --config "$config" --working-directory /home/gitlab-runner
