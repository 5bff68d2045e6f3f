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

umask 077
text=$(<"$template")
printf '%s\n' "${text//@RUNNER_TOKEN@/"$token"}" >"$config"
unset token text

exec /entrypoint run --config "$config" --working-directory /home/gitlab-runner
