# Two hundred processes, one after the other, so that numbers move on.
n=0
while [ $n -lt 200 ]; do /bin/true; n=$((n + 1)); done
