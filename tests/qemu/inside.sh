# SPDX-License-Identifier: Apache-2.0
# The second program of the guest, where everything is as on the machine but the kernel: the lab's runner.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
. /run/settings
export SIXGATE_LAB_SLOW="$SLOW" SIXGATE_LAB_CHANGES="$CHANGES"
exec </dev/null >/dev/ttyS1 2>&1
ip link set lo up
cd "$TREE" || exit 1
echo "guest: $(uname -sr) is up"
modprobe ah6 || echo "guest: this kernel has no AH"
modprobe pppoe || echo "guest: this kernel has no PPP"
modprobe -a nf_flow_table_inet nft_flow_offload nf_conntrack_ftp nf_conntrack_sip nft_objref || echo "guest: this kernel has no flow tables"
# The first rules in a kernel load dozens of modules, which here takes longer than the daemon waits for nft.
ip netns add first
for file in tests/data/firewall/home.*; do
  case $file in
    *.nft) ip netns exec first nft -f "$file" ;;
    *.ip6tables)
      for program in ip6tables-restore ip6tables-legacy-restore; do ip netns exec first $program <"$file"; done ;;
  esac
done
ip netns del first
echo "guest: the first rules are loaded ($(cut -d. -f1 /proc/uptime) s)"
python3 tests/lab/run.py --bin "$PROGRAMS" --json /run/results/lab.json --jobs "$JOBS" --has ah,flowtable,ppp,quiet --filter "$FILTER"
# Of the tests that failed, their captures and logs.
cp -r build/lab/. /run/results/lab/
echo "guest: over"
# As long as the results are not written there is a file system to write them to; then the end, at once.
sync
echo b >/proc/sysrq-trigger
