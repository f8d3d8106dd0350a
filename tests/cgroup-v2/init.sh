#!/bin/busybox sh
# The first process of the machine: this host's files below, a disk of the machine's own above, cgroups of version 2 only.
set -e
busybox mount -t proc proc /proc
busybox mount -t devtmpfs dev /dev
for module in /modules/*; do busybox insmod "$module"; done
busybox mount -t virtiofs -o ro host /host
busybox mount -t ext4 /dev/vda /disk
busybox mkdir -p /disk/upper /disk/work /disk/tmp /disk/home
busybox mount -t overlay -o lowerdir=/host,upperdir=/disk/upper,workdir=/disk/work root /root
cd /root
busybox mount -t proc proc proc
busybox mount -t sysfs sys sys
busybox mount --move /dev dev
busybox mkdir -p dev/pts dev/shm dev/mqueue
busybox mount -t devpts -o ptmxmode=0666 pts dev/pts
busybox mount -t tmpfs shm dev/shm
busybox mount -t mqueue mqueue dev/mqueue
busybox mount -t tmpfs -o mode=755 run run
busybox mkdir run/tmp
busybox mount --bind /disk/tmp run/tmp
busybox chmod 1777 run/tmp
# What an ordinary user's boxes are on cannot be an overlay itself.
busybox mount --bind /disk/home home
busybox mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 sys/fs/cgroup
busybox cp /start.sh /command.sh run
busybox ip link set lo up
busybox hostname machine
exec busybox switch_root /root /bin/busybox sh /run/start.sh
