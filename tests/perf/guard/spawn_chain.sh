# Each link starts the next in the background and ends: six links, the last one stays.
next=${1:-6}
if [ "$next" -gt 0 ]; then sh "$0" $((next - 1)) & exit 0; fi
sleep 60
