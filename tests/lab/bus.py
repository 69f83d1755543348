# SPDX-License-Identifier: Apache-2.0
"""A D-Bus system bus of a program's own: NetworkManager and firewalld want one, and the machine's own is not for them."""
import os

from lab import require_tools

# Root's programs alone are on it; nothing is activated, so nothing but what a test starts ever runs.
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="root"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """`environment` is what a program needs to find it."""

    def __init__(self, lab, namespace, directory):
        require_tools("dbus-daemon")
        self.socket = os.path.join(directory, "bus")
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + self.socket}
        path = os.path.join(directory, "bus.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION % self.socket)
        self.process = namespace.start("dbus-%s" % namespace.role, [
            "dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + path])
        lab.until("%s's own D-Bus is there" % namespace, lambda: os.path.exists(self.socket), 10)

    def words(self):
        """The beginning of a command line that speaks on it."""
        return ["env"] + ["%s=%s" % one for one in self.environment.items()]
