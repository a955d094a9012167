# As hopper, with a new program and a new session at each hop.
[ "${1:-0}" -lt 4000 ] && setsid sh "$0" $((${1:-0} + 1)) &
exit 0
