# What a job would meet on its way, one line a question: probe: NAME ANSWER TEXT
# It runs in images that are not ours, so it needs nothing but a POSIX shell, and says `unknown`
# where what it would ask with is missing.
say() { printf 'probe: %s %s %s\n' "$1" "$2" "$3"; }
has() { command -v "$1" >/dev/null 2>&1; }

resolver() { grep -E '^(nameserver|search|options)' /etc/resolv.conf | tr '\n' ' '; }
case $PROBE_HOST in
  *[!0-9.:]*)
    if has getent; then
      if found=$(getent hosts "$PROBE_HOST"); then say names yes "${found%% *}"
      else say names no "$(resolver)"; fi
    elif has nslookup; then
      if nslookup "$PROBE_HOST" >/dev/null 2>&1; then say names yes "$PROBE_HOST"
      else say names no "$(resolver)"; fi
    else say names unknown "the image has neither getent nor nslookup"; fi ;;
  *) say names yes "$PROBE_HOST" ;; # an address needs no name server
esac

connects() {
  if has nc; then nc -z -w 3 "$1" "$2" >/dev/null 2>&1
  elif has bash && has timeout; then timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
  else return 9; fi
}
reach() {
  connects "$2" "$3"
  case $? in
    0) say "$1" yes "$2:$3" ;;
    9) say "$1" unknown "the image has neither nc nor bash" ;;
    *) say "$1" no "$2:$3" ;;
  esac
}
reach tcp "$PROBE_HOST" "$PROBE_PORT"
reach api "${KUBERNETES_SERVICE_HOST:-kubernetes.default.svc}" "${KUBERNETES_SERVICE_PORT:-443}"
reach metadata 169.254.169.254 80

if [ -r /var/run/secrets/kubernetes.io/serviceaccount/token ]; then say token yes "mounted"
else say token no ""; fi

if has git; then
  if [ -n "$PROBE_CA" ]; then
    printf '%s' "$PROBE_CA" >/builds/probe-ca.crt
    export GIT_SSL_CAINFO=/builds/probe-ca.crt
  fi
  export GIT_TERMINAL_PROMPT=0 GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=15
  told=$(git -c credential.helper= ls-remote "$PROBE_URL" 2>&1 </dev/null)
  code=$?
  say git "$code" "$(printf '%s\n' "$told" | tail -n 1)"
fi
