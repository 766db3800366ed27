"""A lab of two machines, one segment, a container on each."""

import pulumi
import pulumi_vxlab as vxlab

demo = vxlab.VxlanLab(
    "demo",
    topology={
        "hosts": {
            "kvm1": {"address": "192.168.10.156", "bridge_address": "10.1.2.10/24"},
            "kvm2": {"address": "192.168.10.222", "bridge_address": "10.1.2.11/24"},
        },
        "segments": {"red": {"vni": 100, "subnet": "10.0.3.0/24"}},
        "containers": {
            "c1": {"host": "kvm1", "address": "10.0.3.10/24"},
            "c2": {"host": "kvm2", "address": "10.0.3.11/24"},
        },
    },
)

pulumi.export("lab", demo.lab)
