# shellcheck shell=dash
# wait_for FILE: until it is there, 30 s at most. Every wait of the boot goes through here.
wait_for() {
  tries=300
  until [ -e "$1" ] || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
  done
}
