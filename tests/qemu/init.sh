#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first program of the guest: the machine's own file system becomes the root, with everything written kept in
# memory. guest.py puts this, busybox, the modules for it and /settings into the initramfs.
/bin/busybox --install -s /bin
export PATH=/bin
. /settings
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
say() { echo "$*" >/dev/ttyS1; }
fatal() { say "guest: $*"; echo b >/proc/sysrq-trigger; }

for module in /modules/*; do insmod "$module" || fatal "cannot load $module"; done
mkdir -p /lower /writable /new
# Read-only over there, so what is read once is as good as another time.
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=524288 root /lower || fatal "no root over 9p"
mount -t tmpfs -o size=75% tmpfs /writable
mkdir /writable/upper /writable/work
mount -t overlay -o lowerdir=/lower,upperdir=/writable/upper,workdir=/writable/work overlay /new || fatal "no overlay"

for one in dev proc sys; do mount --move /$one /new/$one; done
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
# What runs on the machine is no business of the guest; but what the guest needs may be there.
for one in run tmp; do
  case " $TREE/ $MODULES/ $PROGRAMS/" in *" /$one/"*) ;; *) mount -t tmpfs -o mode=1777 tmpfs /new/$one ;; esac
done
mkdir -p "/new$TREE/build/lab" /new/run/results /new/lib/modules
mount -t tmpfs tmpfs "/new$TREE/build/lab"
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 results /new/run/results || fatal "no place for results"
ln -s "$MODULES" "/new/lib/modules/$(uname -r)"
cp /settings /new/run/settings
exec switch_root /new /bin/sh "$TREE/tests/qemu/inside.sh"
