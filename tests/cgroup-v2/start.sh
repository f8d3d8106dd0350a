# As a service of systemd is started: the controllers are there, and what runs is in no cgroup with children.
cd /sys/fs/cgroup
echo '+cpu +memory +pids' > cgroup.subtree_control
busybox mkdir -p system.slice/test.service
echo '+cpu +memory +pids' > system.slice/cgroup.subtree_control
set -- /dev/vport*p1 /dev/vport*p2
busybox sh -c 'echo $$ > system.slice/test.service/cgroup.procs; exec busybox sh /run/command.sh' > "$1" 2>&1 < /dev/null
echo $? > "$2"
# Nothing on its disk is wanted.
busybox reboot -nf
