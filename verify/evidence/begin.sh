#!/bin/sh
# The beginning of every probe: what a host looks like now, in sections that verify/evidence reads. It changes nothing and takes no
# lock. Each part's own words follow as $1, $2, …
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's PATH may lack the sbin folders
