# A tree that dies by itself: two children, waited for, and a status of its own.
sleep 0.05 & sleep 0.05 & wait
exit 3
